import type { Env, EnvPool, Moment } from '../../envs/index.ts';
import type { Simulator } from '../../rollout/index.ts';

/** Copies of environments, made where a decider first tries an action. */
export class Copies implements Simulator {
  readonly #envs: Pick<EnvPool, 'moment'>;
  readonly #make: (outermost?: (env: Env) => Env) => Promise<EnvPool>;
  #copies: Promise<EnvPool> | undefined;
  #searched: Promise<EnvPool> | undefined;

  /** @param make makes a pool as large as `envs`, with a change of each environment */
  constructor(
    envs: Pick<EnvPool, 'moment'>,
    make: (outermost?: (env: Env) => Env) => Promise<EnvPool>,
  ) {
    this.#envs = envs;
    this.#make = make;
  }

  moment(env: number): Promise<Moment> {
    return this.#envs.moment(env);
  }

  async try(moment: Moment, action: unknown): Promise<Moment> {
    this.#copies ??= this.#make();
    return (await this.#copies).try(moment, action);
  }

  async search(moment: Moment, action: unknown): Promise<Moment> {
    this.#searched ??= this.#make(forSearch);
    return (await this.#searched).try(moment, action);
  }

  /** @throws EnvError where a copy cannot be closed */
  async close(): Promise<void> {
    const close = async (copies: Promise<EnvPool> | undefined) =>
      (await copies?.catch(() => undefined))?.close();
    await Promise.all([this.#copies, this.#searched].map(close));
  }
}

/** The environment that a search asks in place of one. @throws Error where it cannot be searched */
export function forSearch(env: Env): Env {
  if (env.forSearch) return env.forSearch();
  throw new Error(
    'expected an environment that can be searched (forSearch), since a copy would foresee what chance draws; got one that cannot',
  );
}
