import type { Env } from '../contract/env.ts';
import type { EnvError } from '../contract/env-error.ts';
import type { Observation } from '../contract/outcome.ts';

/** What is done about an environment that fails: its episode is lost, and another begins. */
export interface FailurePolicy {
  /** Failures without an episode finished between that are survived. */
  most: number;
  /** Whether that goes for one that has never begun an episode too. */
  first: boolean;
  /** Makes the environment anew; unless given it is elsewhere, and only what is found wrong here is survived. */
  remake?: () => Env | Promise<Env>;
  /** Told of each failure, also of one that is not survived. */
  told(failed: Failed): void;
}

/** A failure of an environment that a pool tolerates. */
export interface Failed {
  /** The error, with its place. */
  error: EnvError;
  /** Failures in a row without a finished episode between, this one included. */
  consecutive: number;
  /** The last observation before it, as the policy saw it; undefined where no episode had begun. */
  observation?: Observation;
  /** The method, where it is one that play does not need; then no episode is lost. */
  aside?: AsideVerb;
}

/** The methods of an environment that play does not need. */
export type AsideVerb = 'restore' | 'close';
