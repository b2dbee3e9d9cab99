import { describe } from '../common/describe.ts';

/** The environment, the moment and the cause of an `EnvError`. */
export interface EnvFailure {
  /** The environment's id or module. */
  name: string;
  /** Its index among those side by side. */
  env: number;
  /** The seed of its random stream. */
  seed: number;
  /** Episodes begun since that seed. */
  episode?: number;
  /** Decisions in the episode so far. */
  step?: number;
  /** The action of a failed step. */
  action?: unknown;
  /** The error behind it. */
  cause?: unknown;
}

/** Says that an environment broke its contract, threw or did not answer. */
export class EnvError extends Error {
  override readonly name = 'EnvError';
  /** Where and when it happened. */
  readonly failure: EnvFailure;

  /**
   * Makes the message from the facts.
   * @param what happened, such as `threw in step`
   */
  constructor(what: string, failure: EnvFailure) {
    const { cause } = failure;
    const parts = [`environment ${failure.env}`, `seed ${failure.seed}`];
    if (failure.episode !== undefined) parts.push(`episode ${failure.episode}`);
    if (failure.step !== undefined) parts.push(`step ${failure.step}`);
    if (failure.action !== undefined) parts.push(`action ${describe(failure.action)}`);
    const reason =
      cause === undefined ? '' : `: ${cause instanceof Error ? cause.message : describe(cause)}`;
    super(`${failure.name} (${parts.join(', ')}) ${what}${reason}`, { cause });
    this.failure = failure;
  }
}
