import type { Rng } from '../../kernels/index.ts';
import type { Space } from '../contract/space.ts';
import { stack } from '../net/wire/batch.ts';
import type { Batch } from '../net/wire/message-fields.ts';
import { rowOf } from '../net/wire/ndarray.ts';
import type { Reply } from './protocol-probe.ts';

/** Random play of several environments, which answer independently. */
export class Play {
  readonly #space: Space;
  readonly #rng: Rng;
  /** Each environment's mask, last action, its time, and its reward. */
  readonly #masks = new Map<number, ArrayLike<number>>();
  readonly #actions = new Map<number, unknown>();
  readonly #asked = new Map<number, number>();
  readonly #rewards = new Map<number, number>();

  constructor(actionSpace: Space, rng: Rng) {
    this.#space = actionSpace;
    this.#rng = rng;
  }

  /** Draws actions for these environments that their masks allow. */
  choose(envs: readonly number[]): Batch {
    for (const env of envs) {
      this.#actions.set(env, this.#space.sample(this.#rng, this.#masks.get(env)));
      this.#asked.set(env, performance.now());
    }
    return this.chosen(envs);
  }

  /** The last actions of these environments. */
  chosen(envs: readonly number[]): Batch {
    return stack(
      this.#space,
      envs.map((env) => this.#actions.get(env)),
    );
  }

  /** The time of the earliest request that a reply answers. */
  askedAt({ envs }: Reply): number {
    return Math.min(...Array.from(envs, (env) => this.#asked.get(env) ?? Infinity));
  }

  reward(env: number): number | undefined {
    return this.#rewards.get(env);
  }

  /** Notes masks and rewards of replies. */
  see(replies: readonly Reply[]): void {
    for (const reply of replies) {
      if (reply.t !== 'began' && reply.t !== 'stepped') continue;
      for (const env of reply.envs) this.#masks.delete(env);
      this.#allow(reply, Array.from(reply.envs.keys()), reply);
      if (reply.t !== 'stepped') continue;
      if (reply.next) {
        // The mask of a last step means nothing.
        for (const row of reply.next.at) this.#masks.delete(reply.envs[row]);
        this.#allow(reply, reply.next.at, reply.next);
      }
      reply.envs.forEach((env, row) => {
        this.#rewards.set(env, reply.reward[row]);
      });
    }
  }

  #allow(
    { envs }: Reply,
    rows: ArrayLike<number>,
    { actionMask }: Pick<Extract<Reply, { t: 'began' }>, 'actionMask'>,
  ): void {
    if (actionMask === undefined) return;
    for (let i = 0; i < rows.length; i++) this.#masks.set(envs[rows[i]], rowOf(actionMask, i));
  }
}
