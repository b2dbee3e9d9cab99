import type { CommonSettings } from '../definition.ts';
import { haltTerms } from '../probability.ts';

/** The settings of the distribution over depths: the halting head draws them, and a share is forced to a uniform depth. */
export interface DepthSettings extends CommonSettings {
  /** Whether the halting head is released; until then every thought takes `maxSteps`. */
  released: boolean;
  /** Share f of thoughts whose depth is forced. */
  forced: number;
}

/** The settings of an update. */
export function depthSettings(
  { minSteps, maxSteps, floor }: CommonSettings,
  { released, forced }: Pick<DepthSettings, 'released' | 'forced'>,
): DepthSettings {
  return { minSteps, maxSteps, floor, released, forced: released ? forced : 0 };
}

/**
 * The distribution over the depths n of one decision, and the mixture of action distributions it makes. With
 * halt_k after step k,
 *
 *     p_n = halt_n · Π_{minSteps ≤ k < n} (1 − halt_k),   and the remainder at maxSteps
 *     q_n = (1 − f)·p_n + f/(maxSteps − minSteps + 1)      f: share of forced depths
 *     π(a) = Σ q_n π_n(a)
 *
 * Arrays have an entry for each depth, that of n ponder steps at n − 1, and are valid until the next call.
 */
export class Mixture {
  readonly #settings: DepthSettings;
  /** p */
  readonly own: Float64Array;
  /** q */
  readonly acted: Float64Array;
  /** The probability of each depth, given the action: q_n π_n(a) / π(a). */
  readonly share: Float64Array;
  readonly #actSlope: Float64Array;
  readonly #thinkSlope: Float64Array;

  constructor(settings: DepthSettings) {
    this.#settings = settings;
    const { maxSteps } = settings;
    this.own = new Float64Array(maxSteps);
    this.acted = new Float64Array(maxSteps);
    this.share = new Float64Array(maxSteps);
    this.#actSlope = new Float64Array(maxSteps);
    this.#thinkSlope = new Float64Array(maxSteps);
  }

  /** @param logitOf of the halting head after step `index` + 1 */
  read(logitOf: (index: number) => number): void {
    const { own, acted } = this;
    const { minSteps, maxSteps, floor, released, forced } = this.#settings;
    const uniform = forced / (maxSteps - minSteps + 1);
    let left = 1;
    for (let index = 0; index < maxSteps; index++) {
      this.#actSlope[index] = this.#thinkSlope[index] = 0;
      own[index] = 0;
      const last = index === maxSteps - 1;
      if (last) own[index] = left;
      else if (released && index >= minSteps - 1) {
        const { halt, actSlope, thinkSlope } = haltTerms(logitOf(index), floor);
        own[index] = left * halt;
        left *= 1 - halt;
        this.#actSlope[index] = actSlope;
        this.#thinkSlope[index] = thinkSlope;
      }
      acted[index] = index < minSteps - 1 ? 0 : (1 - forced) * own[index] + uniform;
    }
  }

  /**
   * ln π(a), after `read`; sets `share`.
   * @param logProbOf ln π_n(a) at the depth of `index` + 1 steps
   */
  mix(logProbOf: (index: number) => number): number {
    const { acted, share } = this;
    let most = -Infinity;
    for (let index = 0; index < acted.length; index++) {
      share[index] = acted[index] === 0 ? -Infinity : Math.log(acted[index]) + logProbOf(index);
      most = Math.max(most, share[index]);
    }
    let sum = 0;
    for (let index = 0; index < share.length; index++) {
      share[index] = Math.exp(share[index] - most);
      sum += share[index];
    }
    for (let index = 0; index < share.length; index++) share[index] /= sum;
    return most + Math.log(sum);
  }

  /** Expectation of `of(index)` under a distribution over depths. */
  mean(distribution: Float64Array, of: (index: number) => number): number {
    let sum = 0;
    for (let index = 0; index < distribution.length; index++) {
      if (distribution[index] !== 0) sum += distribution[index] * of(index);
    }
    return sum;
  }

  /**
   * Adds `scale` · ∂(Σ_n w_n ln p_n)/∂logit to `slopes`, depth by depth `stride` apart from `at` on:
   * ∂ln p_n/∂logit_k is the slope of ln halt_k at n = k, that of ln(1 − halt_k) at n > k, else 0.
   *
   * So w = p·c gives the slope of Σ p_n c_n with constants c.
   */
  addSlopes(
    weightOf: (index: number) => number,
    slopes: Float64Array,
    at: number,
    stride: number,
  ): void {
    let after = 0;
    for (let index = this.own.length - 1; index >= 0; index--) {
      const weight = weightOf(index);
      slopes[at + index * stride] +=
        weight * this.#actSlope[index] + after * this.#thinkSlope[index];
      after += weight;
    }
  }
}
