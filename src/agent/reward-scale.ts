import { RunningStats, type RunningStatsState } from '../envs/index.ts';
import type { Transition } from '../rollout/index.ts';

export interface RewardScaleState {
  stats: RunningStatsState;
  returns: number[];
  /** Whether a reward other than 0 was seen. */
  rewarded?: boolean;
}

/**
 * Gymnasium's NormalizeReward over all environments: rewards are divided by the running standard
 * deviation of the discounted return G ← γ·G·(1 − terminated) + r, which goes on through truncation.
 * One scale holds for a whole rollout, so that the price can be scaled with it.
 */
export class RewardScale {
  readonly #gamma: number;
  #stats = new RunningStats(1);
  readonly #returns: Float64Array; // [N]
  #rewarded = false;

  constructor(envs: number, gamma: number) {
    this.#gamma = gamma;
    this.#returns = new Float64Array(envs);
  }

  /**
   * What rewards and price are multiplied by: 1 until there was a reward, since the deviation of returns that are
   * all 0 says nothing of how large they will be, and would multiply the price alone.
   */
  get factor(): number {
    return this.#rewarded ? this.#stats.scale(0) : 1;
  }

  observe(transitions: readonly Transition[]): void {
    for (const { env, reward, terminated, lost } of transitions) {
      if (lost !== undefined) continue;
      const past = terminated ? 0 : this.#returns[env];
      this.#returns[env] = this.#gamma * past + reward;
      this.#rewarded ||= reward !== 0;
      this.#stats.update([this.#returns[env]], 1);
    }
  }

  state(): RewardScaleState {
    const returns = Array.from(this.#returns);
    return { stats: this.#stats.state(), returns, rewarded: this.#rewarded };
  }

  restore(state: RewardScaleState): void {
    this.#stats = RunningStats.fromState(state.stats);
    this.#returns.set(state.returns);
    // Older checkpoints do not say.
    this.#rewarded = state.rewarded ?? state.stats.mean[0] !== 0;
  }
}
