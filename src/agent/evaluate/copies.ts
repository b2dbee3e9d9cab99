import type { EnvPool, Moment } from '../../envs/index.ts';
import type { Simulator } from '../../rollout/index.ts';

/** Copies of the environments of a pool, made where a decider first tries an action. */
export class Copies implements Simulator {
  readonly #envs: EnvPool;
  readonly #make: () => Promise<EnvPool>;
  #copies: Promise<EnvPool> | undefined;

  /** @param make makes a pool as large as `envs` */
  constructor(envs: EnvPool, make: () => Promise<EnvPool>) {
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

  /** @throws EnvError where a copy cannot be closed */
  async close(): Promise<void> {
    await (await this.#copies?.catch(() => undefined))?.close();
  }
}
