import type { Env } from '../contract/env.ts';
import type { EnvError } from '../contract/env-error.ts';
import type { Observation } from '../contract/outcome.ts';

/** The tolerance for environments that fail: the episode is lost, and another begins. */
export interface FailurePolicy {
  /** The most failures in a row without a finished episode between. */
  maxFailures: number;
  /** Whether it tolerates failures before the first episode too. */
  first: boolean;
  /** Makes another environment. Absent for a remote one, of which the pool tolerates only breaches that it finds itself. */
  remake?: () => Env | Promise<Env>;
  /** Receives each failure, even one that is not tolerated. */
  onFailure(failed: Failed): void;
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
