import { isPromise } from '../common/is-promise.ts';
import { inTime } from '../common/timers.ts';
import { EnvError, type EnvFailure } from '../contract/env-error.ts';

/** How a pool calls its environments. */
export interface EnvCallerOptions {
  /** The name of the environment in errors, such as `KHop-v0`. */
  name: string;
  /** The longest time for an asynchronous reset or step, in ms; `Infinity` for no limit. */
  timeoutMs: number;
  /** Receives the index of the environment that the pool is calling, -1 for none [1]; another thread may read it. */
  calling?: Float64Array;
}

/** Calls the methods of one environment. Whatever goes wrong in them becomes an `EnvError` that names the place. */
export class EnvCaller {
  readonly #index: number;
  readonly #options: EnvCallerOptions;
  readonly #place: () => Pick<EnvFailure, 'seed' | 'episode' | 'step'>;

  /** @param place where in its play the environment is */
  constructor(
    index: number,
    options: EnvCallerOptions,
    place: () => Pick<EnvFailure, 'seed' | 'episode' | 'step'>,
  ) {
    this.#index = index;
    this.#options = options;
    this.#place = place;
  }

  /** Calls a method of the environment; a throw, a rejection or a timeout becomes an EnvError. */
  call<T>(verb: string, call: () => T | Promise<T>, action?: unknown) {
    const { timeoutMs, calling } = this.#options;
    const fail = (cause: unknown): never => {
      throw this.failure(`${verb} threw`, { action, cause });
    };
    try {
      if (calling) calling[0] = this.#index;
      const result = call();
      if (!isPromise(result)) return result;
      const settled = Promise.resolve(result).catch(fail);
      return inTime(settled, timeoutMs, () =>
        this.failure(`${verb}: no answer within ${timeoutMs} ms`, { action }),
      );
    } catch (cause) {
      return fail(cause);
    } finally {
      if (calling) calling[0] = -1;
    }
  }

  /** An error of reading a result, as an EnvError. */
  unread(verb: string, cause: unknown, action?: unknown): unknown {
    if (cause instanceof EnvError) return cause;
    return this.failure(`${verb}: what it gave cannot be read`, { action, cause });
  }

  /** An error at the present place. */
  failure(what: string, details: { action?: unknown; cause?: unknown } = {}): EnvError {
    const { name } = this.#options;
    return new EnvError(what, { name, env: this.#index, ...this.#place(), ...details });
  }
}
