import type { Rng } from '../../../kernels/index.ts';
import type { Drawing } from '../../contract/env.ts';
import type { Space } from '../../contract/space.ts';
import { EpisodicEnv, type Outcome } from '../episodic-env.ts';

/** The reward of an action: `right` and `given` are flat rows. */
type Pay = (
  right: readonly number[],
  given: readonly number[],
) => { reward: number; success?: boolean };

/** 1 for the right action, else 0. */
export const exact: Pay = (right, given) => {
  const success = right.every((entry, i) => entry === given[i]);
  return { reward: success ? 1 : 0, success };
};

/** −‖right − given‖². */
export const nearness: Pay = (right, given) => ({
  reward: right.reduce((sum, entry, i) => sum - (entry - given[i]) ** 2, 0),
});

/**
 * One decision in which the observation, uniform in `space`, is the right action (after
 * Stable-Baselines3's `identity_env`). The state is the right action's flat row.
 */
export class Identity<T> extends EpisodicEnv<T, T, number[]> {
  readonly observationSpace: Space<T>;
  readonly actionSpace: Space<T>;
  readonly #pay: Pay;
  readonly #picture: (right: readonly number[]) => Drawing;

  constructor(
    id: string,
    space: Space<T>,
    { pay, draw }: { pay: Pay; draw: (right: readonly number[]) => Drawing },
  ) {
    super(id);
    this.#picture = draw;
    this.observationSpace = space;
    this.actionSpace = space;
    this.#pay = pay;
  }

  protected begin(rng: Rng): number[] {
    return this.#row(this.actionSpace.sample(rng));
  }

  protected advance(state: number[], action: T): Outcome<number[]> {
    return { state, terminated: true, ...this.#pay(state, this.#row(action)) };
  }

  protected observe(state: number[]): T {
    return this.observationSpace.read(state);
  }

  protected draw(state: number[]): Drawing {
    return this.#picture(state);
  }

  #row(value: T): number[] {
    const row = new Float32Array(this.actionSpace.size);
    this.actionSpace.write(value, row);
    return Array.from(row);
  }
}
