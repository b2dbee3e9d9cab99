import { type HaltingConfig, learnsToHalt } from '../../policy/index.ts';
import { type ForcedDepthStats, PriceController, type PriceState } from './price.ts';
import type { PriceSettings, RecipeSettings } from './recipe-settings.ts';

/** Weight of the past in the smoothed return. */
const SMOOTHING = 0.9;

/** The sections of a run's config that the schedule reads. */
interface HaltingScheduleConfig {
  halting: HaltingConfig;
  price: PriceSettings;
  recipe: RecipeSettings;
}

export type Release = 'return' | 'plateau' | 'deadline';

/** The state of the schedule as plain JSON; in checkpoints from before 0.2 the price is one number. */
export interface HaltingScheduleState {
  released: boolean;
  updates: number;
  smoothed: number | null;
  best: number | null;
  sinceBest: number;
  price: PriceState | number;
}

/**
 * Explains why a steered price may rise too far: without forced decisions nothing shows that deeper thoughts earn more. Undefined where
 * it cannot.
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
 * The recipe that keeps the halting head from collapsing: thoughts have full depth at no price until
 * the policy is competent; then the head is released and ponder steps cost their price.
 *
 * A head released earlier collapses to one step, since shallow exits win before depth pays. The price
 * applies only after the release.
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

  /** Reward subtracted per ponder step beyond minSteps, in units of the raw reward; 0 before the release. */
  get price(): number {
    return this.#state.released ? this.#price.price : 0;
  }

  /**
   * Takes the price to start with where the config leaves it out: once, and only after the release.
   * @param suggested `suggestPrice` of the returns so far; 0 where they do not tell
   */
  beginPrice(suggested: number): void {
    if (this.#state.released) this.#price.begin(suggested);
  }

  /** Whether `price.targetSteps` steers the price and it may still rise, which shortens thoughts that are too long. */
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
   * Advances the schedule by an update.
   * @param meanReturn mean return of the episodes that ended in its rollout; null for none
   * @param meanSteps mean ponder steps of its unforced decisions; 0 for none
   * @param forced statistics of its forced decisions
   * @param progress share of training done
   * @returns the reason for releasing the halting head with this update; undefined where it does not
   */
  update(
    meanReturn: number | null,
    meanSteps: number,
    forced: ForcedDepthStats,
    progress: number,
  ): Release | undefined {
    const state = this.#state;
    state.updates++;
    if (state.released) {
      this.#price.update(meanSteps, forced);
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
