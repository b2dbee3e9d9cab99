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

/** An environment that failed, with what it takes to see it again. */
export interface Failed {
  error: EnvError;
  /** Failures without an episode finished between, this one included. */
  consecutive: number;
  /** What it showed before, as the policy saw it; undefined where no episode had begun. */
  observation?: Observation;
  /** The verb that failed, where it is one that can be done without: no episode is lost for it. */
  aside?: AsideVerb;
}

/** Verbs that an environment can be played without. */
export type AsideVerb = 'restore' | 'close';
