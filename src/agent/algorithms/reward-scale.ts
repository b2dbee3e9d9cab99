import { RunningStats, type RunningStatsState } from '../../envs/common/index.ts';
import type { Transition } from '../../rollout/index.ts';

export interface RewardScaleState {
  stats: RunningStatsState;
  returns: number[];
  /** Whether a reward other than 0 was seen. */
  rewarded?: boolean;
}

/**
 * Rewards are divided by the running standard deviation of the discounted return so far, over all environments: G ← γ·G + r, which begins
 * anew with each episode however the one before ended, as in SB3's VecNormalize. Gymnasium's NormalizeReward (`normalizeReward`) lets the
 * last reward of an episode into the return of the next, and goes on through truncation.
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
    for (const { env, reward, terminated, truncated, lost } of transitions) {
      if (lost !== undefined) {
        this.#returns[env] = 0;
        continue;
      }
      const sofar = this.#gamma * this.#returns[env] + reward;
      this.#rewarded ||= reward !== 0;
      this.#stats.update([sofar], 1);
      this.#returns[env] = terminated || truncated ? 0 : sofar;
    }
  }

  state(): RewardScaleState {
    const returns = Array.from(this.#returns);
    return { stats: this.#stats.state(), returns, rewarded: this.#rewarded };
  }

  restore(state: RewardScaleState): void {
    this.#stats = RunningStats.fromState(state.stats);
    this.#returns.set(state.returns);
    this.#rewarded = rewardedIn(state);
  }
}

/** The `factor` of a scale that was saved. */
export function factorOf(state: RewardScaleState): number {
  return rewardedIn(state) ? RunningStats.fromState(state.stats).scale(0) : 1;
}

/** Whether there was a reward; older checkpoints do not say. */
function rewardedIn({ rewarded, stats }: RewardScaleState): boolean {
  return rewarded ?? stats.mean[0] !== 0;
}
