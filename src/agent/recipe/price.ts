import type { PriceSettings } from './recipe-settings.ts';

/** Share of the newest update in the running means of ponder steps and of their trend. */
const SHARE = 0.4;
/** The same for the depth gap and the gain of a ponder step, which rest on few decisions and vary more. */
const GAP_SHARE = 0.1;
/** Updates by which the controller extrapolates the trend: a policy responds to a price about so many updates later. */
const HORIZON = 10;
/** The depth gap above which the price falls. */
const GAP = 0.1;
/** The factor per update by which it falls. */
const RETREAT = 0.95;
/** The largest change of ln(price) in an update. */
const MOST = 0.1;
/** The lowest steered price, in units of the initial one: multiplication cannot raise a price of 0. */
const LEAST = 0.01;

export interface PriceState {
  price: number;
  /** The price that it starts with; null until there is one. Older checkpoints do not have it: it is the config's. */
  initial?: number | null;
  /** Running mean of ponder steps; null before the first update. */
  mean: number | null;
  /** Running mean of its change per update. */
  trend: number;
  /** Running mean of the depth gap. */
  gap: number;
  /** Running mean of `stepGain`; null before its first value. */
  gain: number | null;
}

/** Statistics of decisions at a forced depth; null where there are too few decisions. */
export interface ForcedDepthStats {
  /** Above 0.1 decisions forced deeper earn clearly more than unforced ones. */
  depthGap: number | null;
  /** The largest mean gain per ponder step, in units of the raw reward. */
  stepGain: number | null;
}

/**
 * Steers the price of a ponder step so that thoughts take `price.targetSteps` steps on average.
 *
 *     heading = mean + 10 · trend                                              (running means, the newest update 0.4 of each)
 *     ln price ← ln price + clip(rate · (heading − target), ± 0.1)
 *     ln price ← ln price + ln 0.95            instead, while the depth gap (running mean of 10 updates) is above 0.1
 *
 * The first rule is an integral controller with lead: it uses the extrapolated mean and not the present one, since policies respond to a price many
 * updates late, and the price would rise further and further meanwhile. It steers the logarithm, which makes it independent of the reward's unit.
 * The second rule is for a target that costs reward: the price falls, down to the initial one, while decisions forced deeper earn more than
 * unforced ones (`depthGap`). Nor does the price rise above the gain of a ponder step (`stepGain`, running mean of 10 updates): at a higher price a
 * policy that has not yet learned to use so few steps would earn most by not thinking at all.
 */
export class PriceController {
  readonly #config: PriceSettings;
  #state: PriceState & { initial: number | null };

  constructor(config: PriceSettings) {
    this.#config = config;
    const { initial = null } = config;
    this.#state = { initial, price: initial ?? 0, mean: null, trend: 0, gap: 0, gain: null };
  }

  /** Reward subtracted per ponder step beyond minSteps, in units of the raw reward. */
  get price(): number {
    return this.#state.price;
  }

  /** Whether `price.targetSteps` steers the price and it may still rise, which shortens thoughts that are too long. */
  get steering(): boolean {
    const { targetSteps, max } = this.#config;
    return targetSteps !== undefined && this.#state.price < max;
  }

  state(): PriceState {
    return { ...this.#state };
  }

  restore(state: PriceState): void {
    const { initial = this.#config.initial ?? state.price } = state;
    this.#state = { ...state, initial };
  }

  /** Takes the price to start with where the config leaves it out, once; 0 leaves it open. */
  begin(suggested: number): void {
    if (this.#state.initial !== null || suggested === 0) return;
    this.#state.initial = suggested;
    this.#state.price = suggested;
  }

  /**
   * Adjusts the price after an update since the release.
   * @param meanSteps mean ponder steps of its unforced decisions; 0 for none, which changes nothing
   */
  update(meanSteps: number, { depthGap, stepGain }: ForcedDepthStats): void {
    const { targetSteps, rate, max } = this.#config;
    const state = this.#state;
    const { initial } = state;
    if (targetSteps === undefined || meanSteps === 0 || initial === null) return;
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
