import { type HaltingConfig, learnsToHalt } from '../../policy/index.ts';
import { type ForcedDepthStats, PriceController, type PriceState } from './price.ts';
import type { PriceSettings, RecipeSettings } from './recipe-settings.ts';

/** Weight of the past in the smoothed return. */
const SMOOTHING = 0.9;

/** The sections of a run's config that it goes by. */
interface HaltingScheduleConfig {
  halting: HaltingConfig;
  price: PriceSettings;
  recipe: RecipeSettings;
}

export type Release = 'return' | 'plateau' | 'deadline';

/** Where it has come to, as plain JSON; the price is one number in checkpoints from before 0.2. */
export interface HaltingScheduleState {
  released: boolean;
  updates: number;
  smoothed: number | null;
  best: number | null;
  sinceBest: number;
  price: PriceState | number;
}

/**
 * Explains why a steered price may rise too far: only forced decisions show that deeper thoughts earn more. Undefined where nothing is
 * wrong.
 */
export function explainPrice({
  halting,
  price,
  recipe,
}: HaltingScheduleConfig): string | undefined {
  if (price.targetSteps === undefined || recipe.forcedShare > 0) return undefined;
  if (!learnsToHalt(halting)) return undefined;
  return (
    'price.targetSteps with recipe.forcedShare 0: no decision is forced to another depth, so that nothing shows when the price costs ' +
    `reward, and it may rise to price.max (${price.max}); set recipe.forcedShare, such as 0.05`
  );
}

/**
 * The recipe that keeps the halting head from collapsing: think at full depth for nothing until
 * competent, then release the head and charge for it; and the price's controller.
 *
 * Released before competence, shallow exits win before depth pays and it collapses to one step; the
 * price acts only after release.
 */
export class HaltingSchedule {
  readonly #config: HaltingScheduleConfig;
  readonly #price: PriceController;
  #state: Omit<HaltingScheduleState, 'price'>;

  constructor(config: HaltingScheduleConfig) {
    this.#config = config;
    this.#price = new PriceController(config.price);
    this.#state = {
      released: false,
      updates: 0,
      smoothed: null,
      best: null,
      sinceBest: 0,
    };
  }

  get released(): boolean {
    return this.#state.released;
  }

  /** Reward subtracted per ponder step beyond minSteps now, in units of the raw reward. */
  get price(): number {
    return this.#state.released ? this.#price.price : 0;
  }

  /** The price is steered and may still rise: thoughts that are too long are being dealt with. */
  get steering(): boolean {
    return this.#price.steering;
  }

  state(): HaltingScheduleState {
    return { ...this.#state, price: this.#price.state() };
  }

  restore({ price, ...state }: HaltingScheduleState): void {
    this.#state = state;
    this.#price.restore(typeof price === 'number' ? { ...this.#price.state(), price } : price);
  }

  /**
   * Takes in an update.
   * @param meanReturn of the episodes that ended in its rollout; null for none
   * @param meanSteps of its unforced decisions; 0 for none
   * @param told what forced decisions tell of its depth and price
   * @param progress share of training done
   * @returns why the halting head is released with this update, if it is
   */
  update(
    meanReturn: number | null,
    meanSteps: number,
    told: ForcedDepthStats,
    progress: number,
  ): Release | undefined {
    const state = this.#state;
    state.updates++;
    if (state.released) {
      this.#price.update(meanSteps, told);
      return undefined;
    }
    if (meanReturn !== null) this.#smooth(meanReturn);
    const reason = learnsToHalt(this.#config.halting) ? this.#due(progress) : undefined;
    if (reason !== undefined) state.released = true;
    return reason;
  }

  #smooth(meanReturn: number): void {
    const state = this.#state;
    state.smoothed =
      state.smoothed === null
        ? meanReturn
        : SMOOTHING * state.smoothed + (1 - SMOOTHING) * meanReturn;
    if (state.best === null || state.smoothed > state.best) {
      state.best = state.smoothed;
      state.sinceBest = 0;
    } else {
      state.sinceBest++;
    }
  }

  #due(progress: number): Release | undefined {
    const { releaseReturn, minUpdates, plateauUpdates, maxWarmup } = this.#config.recipe;
    const { updates, smoothed, sinceBest } = this.#state;
    if (progress >= maxWarmup) return 'deadline';
    if (updates < minUpdates || smoothed === null) return undefined;
    if (releaseReturn !== undefined) return smoothed >= releaseReturn ? 'return' : undefined;
    return sinceBest >= plateauUpdates ? 'plateau' : undefined;
  }
}
