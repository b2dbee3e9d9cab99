import { RunningStats, type RunningStatsState } from '../../envs/common/index.ts';
import type { Transition } from '../../rollout/index.ts';

export interface RewardScaleState {
  stats: RunningStatsState;
  returns: number[];
  /** Whether a reward other than 0 has come. */
  rewarded?: boolean;
}

/**
 * The scale of rewards: one over the running standard deviation of the discounted return so far, over all environments. That return,
 * G ← γ·G + r, starts anew with each episode, terminated or truncated, as in SB3's VecNormalize. Gymnasium's NormalizeReward
 * (`normalizeReward`) adds the last reward of an episode to the return of the next, and continues through truncation.
 * One scale holds for a whole rollout, so that it can scale the price too.
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
   * The factor on rewards and price. It is 1 until the first reward other than 0: returns of 0 do not show how large
   * later ones will be, and their deviation would scale the price alone.
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

/** The `factor` of a saved scale. */
export function factorOf(state: RewardScaleState): number {
  return rewardedIn(state) ? RunningStats.fromState(state.stats).scale(0) : 1;
}

/** Whether a reward other than 0 has come; for older checkpoints, which do not hold that, judged by the mean return. */
function rewardedIn({ rewarded, stats }: RewardScaleState): boolean {
  return rewarded ?? stats.mean[0] !== 0;
}
