import { copied } from '../common/copied.ts';
import type { Env } from '../contract/env.ts';
import { explainStep } from '../contract/explain-result.ts';
import { explainReward, type Limits } from '../contract/limits.ts';
import type { Moment } from '../contract/outcome.ts';
import type { EnvCaller } from './env-caller.ts';
import type { ObservationReader } from './observation-reader.ts';

/** Tries actions in an environment from moments of episodes, its own or those of others like it. */
export class Trials {
  readonly #env: () => Env;
  readonly #caller: EnvCaller;
  readonly #reader: ObservationReader;
  readonly #limits: { limits?: Limits; maxEpisodeSteps?: number };
  /** The latest action that is tried: one at a time. */
  #latest: Promise<unknown> = Promise.resolve();

  /** @param env the environment, which may be made again */
  constructor(
    env: () => Env,
    caller: EnvCaller,
    reader: ObservationReader,
    limits: { limits?: Limits; maxEpisodeSteps?: number },
  ) {
    this.#env = env;
    this.#caller = caller;
    this.#reader = reader;
    this.#limits = limits;
  }

  /** The environment's snapshot. @throws EnvError where it has none */
  async state(): Promise<unknown> {
    const env = this.#env();
    const state = await this.#caller.call('snapshot', () => env.snapshot?.());
    if (state !== undefined && env.restore !== undefined) return state;
    throw this.#caller.failure(
      'has no snapshots (snapshot and restore), without which no action can be tried in a copy of it',
    );
  }

  /** What an action leads to from a moment. @throws EnvError where the environment fails */
  try(moment: Moment, action: unknown): Promise<Moment> {
    const tried = this.#latest.then(() => this.#try(moment, action));
    this.#latest = tried.catch(() => {});
    return tried;
  }

  async #try({ state, length }: Moment, action: unknown): Promise<Moment> {
    const [env, caller] = [this.#env(), this.#caller];
    await caller.call('restore', () => env.restore!(state));
    const step = await caller.call('step', () => env.step(copied(action)), action);
    const { limits, maxEpisodeSteps = Infinity } = this.#limits;
    const problem = explainStep(step) ?? explainReward(step.reward, limits);
    if (problem !== undefined) throw caller.failure(`step: ${problem}`, { action });
    const { reward, info } = step;
    const over = step.terminated || step.truncated || length + 1 >= maxEpisodeSteps;
    const observation = this.#reader.read(step, over);
    if (typeof observation === 'string') throw caller.failure(`step: ${observation}`, { action });
    return {
      ...{ observation, length: length + 1, reward, over },
      state: over ? undefined : await this.state(),
      turned: info.turned === true,
      drawn: info.drawn === true,
      answer: over ? info.answer : undefined,
    };
  }
}
