import { EnvDisconnectedError } from '../contract/env-disconnected-error.ts';
import { EnvError } from '../contract/env-error.ts';
import type { Observation } from '../contract/outcome.ts';
import type { AsideVerb, FailurePolicy } from './failure-policy.ts';

/** Counts the failures and lost episodes of one environment, and throws those that its pool does not tolerate. */
export class FailureCount {
  readonly #policy: FailurePolicy | undefined;
  /** Failures since the last finished episode. */
  inARow = 0;
  /** Episodes lost since the last step. */
  #losses = 0;
  /** Whether the environment has ever begun an episode. */
  #played = false;

  /** @param policy by default, no failure is tolerated */
  constructor(policy: FailurePolicy | undefined) {
    this.#policy = policy;
  }

  begun(): void {
    this.#played = true;
  }

  stepped(): void {
    this.#losses = 0;
  }

  finished(): void {
    this.inARow = 0;
  }

  reset(): void {
    this.inARow = this.#losses = 0;
  }

  /** Counts a lost episode. @returns how many there are in a row */
  countLoss(): number {
    return ++this.#losses;
  }

  /**
   * Counts a failure.
   * @returns whether another environment must be made
   * @throws the error where the pool does not tolerate it
   */
  countFailure(error: unknown, observation: Observation | undefined): boolean {
    if (!(error instanceof EnvError) || this.#policy === undefined) throw error;
    const { maxFailures, first, remake, onFailure } = this.#policy;
    if (!first && !this.#played) throw error;
    // A remote environment that reports a failure has no other in its place.
    if (remake === undefined && error.failure.cause !== undefined) throw error;
    onFailure({ error, consecutive: ++this.inARow, observation });
    if (this.inARow > maxFailures) throw error;
    return remake !== undefined;
  }

  /** Reports a failure of `close` or `restore`, which costs no episode. @throws the error where the pool tolerates none */
  pass(aside: AsideVerb, error: unknown, observation: Observation | undefined): void {
    if (!(error instanceof EnvError) || this.#policy === undefined) throw error;
    this.#policy.onFailure({ error, consecutive: 1, observation, aside });
  }
}

/** The reason of a lost episode, in words. */
export function reasonOf(error: unknown): string {
  return isLost(error) ? error.cause.message : (error as EnvError).message;
}

/** Whether the environment of the error is gone, so that it lost its episode without a failure of its own. */
export function isLost(error: unknown): error is EnvError & { cause: EnvDisconnectedError } {
  return error instanceof EnvError && error.cause instanceof EnvDisconnectedError;
}
