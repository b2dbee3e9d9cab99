import type { PriceSettings } from './recipe-settings.ts';

/** Share of the newest update in the running means of ponder steps and of their trend. */
const SHARE = 0.4;
/** And in those that few decisions tell: of the depth gap and of what a ponder step brings. */
const GAP_SHARE = 0.1;
/** Updates that the trend is looked ahead for: a policy answers to a price about so many updates later. */
const HORIZON = 10;
/** The depth gap above which the price gives way. */
const GAP = 0.1;
/** The factor that it gives way by, an update. */
const RETREAT = 0.95;
/** The most that ln(price) changes by in an update. */
const MOST = 0.1;
/** The least that a steered price becomes, in units of the initial one: from 0 none would rise again. */
const LEAST = 0.01;

export interface PriceState {
  price: number;
  /** Running mean of ponder steps; null before there was any. */
  mean: number | null;
  /** Running mean of its change an update. */
  trend: number;
  /** Running mean of the depth gap. */
  gap: number;
  /** Running mean of what a ponder step brings; null before that was told. */
  gain: number | null;
}

/** What decisions of a forced depth tell; null where they do not. */
export interface ForcedDepthStats {
  /** Above 0.1, decisions forced deeper earn more than the head's own. */
  depthGap: number | null;
  /** The most that a ponder step brings in the mean, in units of the raw reward. */
  stepGain: number | null;
}

/**
 * Steers the price of a ponder step so that thoughts take `price.targetSteps` of them in the mean.
 *
 *     heading = mean + 10 · trend                                              (running means, the newest update 0.4 of each)
 *     ln price ← ln price + clip(rate · (heading − target), ± 0.1)
 *     ln price ← ln price + ln 0.95            instead, while the depth gap (running mean of 10 updates) is above 0.1
 *
 * The first is an integral controller with lead: it looks at where the mean is going and not at where it is, since policies answer to a
 * price many updates late, and it would charge them more and more meanwhile. It steers the logarithm, so that no unit of reward has a part in it.
 * The second is for a target that costs reward: the price gives way, down to the initial one, while decisions forced deeper earn more than the
 * head's own (`depthGap`). Nor does it rise above what a ponder step brings in the mean (`stepGain`, running mean of 10 updates): beyond that it would pay
 * to forget how to think, where a policy has yet to learn what its target asks of it.
 */
export class PriceController {
  readonly #config: PriceSettings;
  #state: PriceState;

  constructor(config: PriceSettings) {
    this.#config = config;
    this.#state = { price: config.initial, mean: null, trend: 0, gap: 0, gain: null };
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
   */
  update(meanSteps: number, { depthGap, stepGain }: ForcedDepthStats): void {
    const { targetSteps, initial, rate, max } = this.#config;
    if (targetSteps === undefined || meanSteps === 0) return;
    const state = this.#state;
    const before = state.mean ?? meanSteps;
    state.mean = before + SHARE * (meanSteps - before);
    state.trend += SHARE * (state.mean - before - state.trend);
    state.gap += GAP_SHARE * ((depthGap ?? 0) - state.gap);
    const gain = state.gain ?? stepGain;
    state.gain = gain === null ? null : gain + GAP_SHARE * ((stepGain ?? gain) - gain);
    const most = Math.max(initial, Math.min(max, state.gain ?? max));
    const heading = state.mean + HORIZON * state.trend;
    const change = Math.min(MOST, Math.max(-MOST, rate * (heading - targetSteps)));
    state.price =
      state.gap > GAP
        ? Math.min(state.price, Math.max(initial, RETREAT * state.price))
        : Math.min(most, Math.max(LEAST * initial, state.price * Math.exp(change)));
  }
}
