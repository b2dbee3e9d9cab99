import { describe } from '../common/describe.ts';

/** Where and when an environment broke its contract. */
export interface EnvFailure {
  /** The environment's id or module. */
  name: string;
  /** Its index among those side by side. */
  env: number;
  /** The seed its random stream began with. */
  seed: number;
  /** Episodes begun since that seed. */
  episode?: number;
  /** Decisions into the episode. */
  step?: number;
  action?: unknown;
  cause?: unknown;
}

/** An environment that broke its contract, threw or did not answer. */
export class EnvError extends Error {
  override readonly name = 'EnvError';
  readonly failure: EnvFailure;

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
