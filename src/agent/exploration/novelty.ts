import type { Space } from '../../envs/index.ts';
import type { Rng } from '../../kernels/index.ts';
import type { Tensors } from '../../policy/index.ts';
import type { Transition } from '../../rollout/index.ts';
import { RewardScale, type RewardScaleState } from '../algorithms/reward-scale.ts';
import { SimHash } from './sim-hash.ts';
import { Sparsity, type SparsityState } from './sparsity.ts';

/**
 * The name of the tensor of counts.
 * @internal
 */
export const COUNTS = 'novelty.counts';

/** Bits of an index into the table of counts: 65,536 of them, whatever there is to see. */
const INDEX_BITS = 16;

/** The state of `Novelty` beside its counts, as plain JSON. */
export interface NoveltyState {
  sparsity: SparsityState;
  /** Of the returns of bonuses. */
  scale: RewardScaleState;
}

export interface NoveltyOptions {
  observationSpace: Space;
  /** Number of environments (N). */
  envs: number;
  /** Discount factor per decision. */
  gamma: number;
  /** Factor on bonuses; 0 gives none. */
  weight: number;
  /** Draws the projection of observations. */
  rng: Rng;
}

/**
 * A bonus for what is new (Tang et al. 2017, arXiv 1611.04717), while rewards do not tell what to do (`Sparsity`): 1 / √n for the
 * n-th observation of a code (`SimHash`). Bonuses are learned from and nowhere reported as rewards.
 */
export class Novelty {
  readonly #weight: number;
  readonly #hash: SimHash;
  readonly #sparsity: Sparsity;
  readonly #scale: RewardScale;
  readonly #counts = new Float32Array(2 ** INDEX_BITS);

  constructor({ observationSpace, envs, gamma, weight, rng }: NoveltyOptions) {
    this.#weight = weight;
    this.#hash = new SimHash(observationSpace, rng);
    this.#sparsity = new Sparsity(envs);
    this.#scale = new RewardScale(envs, gamma);
  }

  /** Gives each transition its bonus. */
  observe(transitions: Transition[]): void {
    if (this.#weight === 0) return;
    this.#sparsity.observe(transitions);
    if (this.#sparsity.degree === 0) return;
    for (const transition of transitions) {
      const { lost, final, next } = transition;
      if (lost === undefined) transition.bonus = this.#bonusOf(final ?? next.row);
    }
    this.#scale.observe(
      transitions.map(({ env, ticks, terminated, truncated, lost, bonus = 0 }) => {
        return { env, ticks, terminated, truncated, lost, reward: bonus };
      }),
    );
  }

  /**
   * Ends a rollout.
   * @param returnDeviation of `UpdateSettings`
   * @returns the factor on its bonuses: the returns of all bonuses so far have as much deviation as those of rewards, or 1 where
   * there is none, times how sparse rewards are
   */
  close(returnDeviation: number): number {
    if (this.#weight === 0) return 0;
    this.#sparsity.close();
    return this.#weight * this.#sparsity.degree * this.#scale.factor * (returnDeviation || 1);
  }

  state(): NoveltyState {
    return { sparsity: this.#sparsity.state(), scale: this.#scale.state() };
  }

  /** The counts, where there are any. */
  tensors(): Tensors {
    if (!this.#scale.rewarded) return {};
    return { [COUNTS]: { shape: [this.#counts.length], data: this.#counts.slice() } };
  }

  /** Continues from a result of `state`, and from the tensor of counts, where there is one. */
  restore({ sparsity, scale }: NoveltyState, counts?: Tensors[string]): void {
    this.#sparsity.restore(sparsity);
    this.#scale.restore(scale);
    this.#counts.fill(0);
    if (counts) this.#counts.set(counts.data);
  }

  #bonusOf(row: Transition['next']['row']): number {
    // The high bits of the product depend on all bits of the code.
    const index = Math.imul(this.#hash.codeOf(row), 0x9e3779b1) >>> (32 - INDEX_BITS);
    return 1 / Math.sqrt(++this.#counts[index]);
  }
}
