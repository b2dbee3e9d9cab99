import { logPrior, Mixture, type PonderSettings } from '../../../policy/index.ts';
import { fixedDepth } from '../behavior.ts';
import type { LikelihoodConfig } from './settings.ts';

/** The stage of an update, on which the cost of thoughts depends. */
export interface CostStage {
  /** Whether the halting head is released. */
  released: boolean;
  /** Nats that a ponder step beyond `minSteps` costs. */
  price: number;
}

/**
 * The loss of a decision, and how it depends on the halting head. With ℓ_n = −ln π_n(a), the loss of n ponder steps,
 *
 *     before the release    ½ ℓ_K + ½ mean_n ℓ_n
 *     after it              Σ_n q_n ℓ_n + price · Σ_n p_n (n − minSteps) + priorWeight · KL(p ‖ prior)
 *
 * with p and q as `Mixture` has them: q draws a share `recipe.forcedShare` of depths uniformly, so that every depth stays good. It
 * is the exact expected cost of thinking as the head does, without a draw (PonderNet, arXiv 2107.05407, eq. 6, with a price beside
 * the prior). At a fixed depth K the loss is ℓ_K.
 */
export class ThoughtCost {
  /** Ponder steps to which thoughts are unrolled (K). */
  readonly depths: number;
  readonly settings: PonderSettings & { forced: number };
  readonly stage: CostStage;
  /** The weight of ℓ_n at n − 1 for all decisions [K], where the halting head decides nothing. */
  readonly fixed: Float32Array | undefined;
  /** ln prior of each depth [K]. */
  readonly logPrior: Float64Array;
  /** The weight of ℓ_n at n − 1 [K], after `read`. */
  readonly weights: Float64Array;
  readonly #mixture: Mixture;
  /** ln p [K] */
  readonly #logs: Float64Array;

  constructor({ halting, recipe }: LikelihoodConfig, stage: CostStage) {
    const { minSteps, maxSteps, rule } = halting;
    const learns = rule !== 'fixed';
    const depths = learns ? maxSteps : fixedDepth(halting);
    this.depths = depths;
    this.settings = { ...(halting as unknown as PonderSettings), forced: recipe.forcedShare };
    this.stage = stage;
    if (!learns || !stage.released || depths === minSteps) {
      const first = learns ? minSteps : depths;
      this.fixed = new Float32Array(depths).fill(1 / (2 * (depths - first + 1)), first - 1);
      this.fixed[depths - 1] += 1 / 2;
    }
    this.logPrior = logPrior(this.settings, { minSteps, maxSteps: depths });
    this.weights = Float64Array.from(this.fixed ?? new Float64Array(depths));
    this.#mixture = new Mixture({ ...this.settings, maxSteps: depths, released: true });
    this.#logs = new Float64Array(depths);
  }

  /** Reads the halting logits of a decision. @param logitOf after ponder step `index` + 1 */
  read(logitOf: (index: number) => number): void {
    if (this.fixed !== undefined) return;
    this.#mixture.read(logitOf);
    const { acted, own } = this.#mixture;
    this.weights.set(acted);
    // 0·ln 0 is 0.
    own.forEach((p, index) => {
      this.#logs[index] = Math.log(Math.max(p, Number.MIN_VALUE));
    });
  }

  /** What the depths cost beside their ℓ_n, in nats, after `read`. */
  get beside(): number {
    if (this.fixed !== undefined) return 0;
    const { minSteps, priorWeight } = this.settings;
    return this.stage.price * (this.expectedSteps - minSteps) + priorWeight * this.priorKl;
  }

  /** Mean ponder steps by the halting head, after `read`; all of them before its release. */
  get expectedSteps(): number {
    const mixture = this.#mixture;
    return this.fixed ? this.depths : mixture.mean(mixture.own, (index) => index + 1);
  }

  /** KL(p ‖ prior), in nats, after `read`; 0 before the release. */
  get priorKl(): number {
    const mixture = this.#mixture;
    if (this.fixed !== undefined) return 0;
    return mixture.mean(mixture.own, (index) => this.#logs[index] - this.logPrior[index]);
  }

  /** Ponder steps after which the head would have halted with a probability of at least ½, as by the exit `cdf`; after `read`. */
  get medianSteps(): number {
    if (this.fixed !== undefined) return this.depths;
    let halted = 0;
    const index = this.#mixture.own.findIndex((p) => (halted += p) >= 0.5);
    return index < 0 ? this.depths : index + 1;
  }

  /**
   * Adds the gradient of the loss by the halting logits to `slopes`, depth by depth `stride` apart from `at` on, after `read`.
   * @param lossOf ℓ_n of n = `index` + 1
   */
  addSlopes(
    lossOf: (index: number) => number,
    slopes: Float64Array,
    at: number,
    stride: number,
  ): void {
    if (this.fixed !== undefined) return;
    const { own } = this.#mixture;
    const { minSteps, priorWeight, forced } = this.settings;
    // The constant that a logarithm's slope adds goes through p, whose sum is 1, and comes to nothing.
    const costOf = (index: number) =>
      (1 - forced) * lossOf(index) +
      this.stage.price * (index + 1 - minSteps) +
      priorWeight * (this.#logs[index] - this.logPrior[index]);
    const paid = (index: number) => (own[index] === 0 ? 0 : own[index] * costOf(index));
    this.#mixture.addSlopes(paid, slopes, at, stride);
  }
}
