import type { Config } from './config.ts';

/** Share of the newest update in the running mean of ponder steps, of its trend and of the depth gap. */
const SHARE = 0.2;
/** Updates that the trend is looked ahead for: a policy answers to a price about so many updates later. */
const HORIZON = 10;
/** The depth gap from which the price gives way. */
const GAP = 0.1;
/** What it gives way by, an update. */
const RETREAT = 0.05;

export interface PriceState {
  price: number;
  /** Running means of ponder steps, of their change an update, and of the depth gap; null before there was any. */
  mean: number | null;
  trend: number;
  gap: number;
  /** How often the price has begun to give way, which slows its rise. */
  retreats: number;
  retreating: boolean;
}

/**
 * Steers the price of a ponder step so that thoughts take `price.targetSteps` of them in the mean.
 *
 *     heading = mean + 10 · trend                     (running means of 5 updates)
 *     price ← price + rate / (1 + retreats) · (heading − target)
 *     price ← 0.95 · price                             while the depth gap is above 0.1
 *
 * The first is an integral controller with lead: it looks at where the mean is going and not at where it is, since policies answer to a
 * price many updates late, and would be charged on and on meanwhile. The second is for a target that costs reward: the price gives way
 * while decisions forced deeper earn more than the head's own (`depthGap`), and rises more slowly each time it has had to.
 */
export class PriceController {
  readonly #config: Config['price'];
  #state: PriceState;

  constructor(config: Config['price']) {
    this.#config = config;
    const price = config.initial;
    this.#state = { price, mean: null, trend: 0, gap: 0, retreats: 0, retreating: false };
  }

  /** Reward subtracted per ponder step beyond minSteps, in units of the raw reward. */
  get price(): number {
    return this.#state.price;
  }

  /** It is steered and may still rise: thoughts that are too long are being dealt with. */
  get steering(): boolean {
    const { targetSteps, max } = this.#config;
    return targetSteps !== undefined && this.#state.price < max;
  }

  state(): PriceState {
    return { ...this.#state };
  }

  restore(state: PriceState): void {
    this.#state = { ...state };
  }

  /**
   * Takes in an update after release.
   * @param meanSteps of its unforced decisions; 0 for none, which changes nothing
   * @param depthGap what it found (`depthGap`); null where it could not tell
   */
  update(meanSteps: number, depthGap: number | null): void {
    const { targetSteps, rate, max } = this.#config;
    if (targetSteps === undefined || meanSteps === 0) return;
    const state = this.#state;
    const before = state.mean ?? meanSteps;
    state.mean = before + SHARE * (meanSteps - before);
    state.trend += SHARE * (state.mean - before - state.trend);
    state.gap += SHARE * ((depthGap ?? 0) - state.gap);
    const retreating = state.gap > GAP;
    if (retreating && !state.retreating) state.retreats++;
    state.retreating = retreating;
    const heading = state.mean + HORIZON * state.trend;
    const price = retreating
      ? (1 - RETREAT) * state.price
      : state.price + (rate / (1 + state.retreats)) * (heading - targetSteps);
    state.price = Math.min(max, Math.max(0, price));
  }
}
