import { RunningStats, type RunningStatsState } from '../envs/index.ts';
import type { Transition } from '../rollout/index.ts';

export interface RewardScaleState {
  stats: RunningStatsState;
  returns: number[];
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

  constructor(envs: number, gamma: number) {
    this.#gamma = gamma;
    this.#returns = new Float64Array(envs);
  }

  /** What rewards and price are multiplied by. */
  get factor(): number {
    return this.#stats.scale(0);
  }

  observe(transitions: readonly Transition[]): void {
    for (const { env, reward, terminated, lost } of transitions) {
      if (lost !== undefined) continue;
      const past = terminated ? 0 : this.#returns[env];
      this.#returns[env] = this.#gamma * past + reward;
      this.#stats.update([this.#returns[env]], 1);
    }
  }

  state(): RewardScaleState {
    return { stats: this.#stats.state(), returns: Array.from(this.#returns) };
  }

  restore(state: RewardScaleState): void {
    this.#stats = RunningStats.fromState(state.stats);
    this.#returns.set(state.returns);
  }
}
