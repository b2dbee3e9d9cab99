import { RunningStats, type RunningStatsState } from '../../envs/common/index.ts';
import type { Transition } from '../../rollout/index.ts';
import { type EpisodeReturns, noReturns, withReward } from './episode-returns.ts';

export interface RewardScaleState {
  /** Of the returns of all episodes that have ended. */
  stats: RunningStatsState;
  /** The returns of the episodes under way, one for each environment; checkpoints of 0.1 do not have them. */
  underWay?: EpisodeReturns[];
  /** Whether a reward other than 0 has come. */
  rewarded?: boolean;
}

/** The part of a transition that it reads. */
type Rewarded = Pick<Transition, 'env' | 'reward' | 'ticks' | 'terminated' | 'truncated' | 'lost'>;

/**
 * The scale of rewards: one over the standard deviation of the return from each step to the end of its episode, over all steps of
 * all environments so far. That is what values predict. SB3's VecNormalize and Gymnasium's NormalizeReward (`normalizeReward`)
 * take the discounted sum of the rewards before a step instead; where the only reward comes at the end, it is 0 at all
 * steps but one, and rewards become so large that the loss of the values drowns that of the policy.
 * One scale holds for a whole rollout, so that it can scale the price too.
 */
export class RewardScale {
  readonly #gamma: number;
  #stats = new RunningStats(1);
  readonly #underWay: EpisodeReturns[]; // [N]
  #rewarded = false;

  constructor(envs: number, gamma: number) {
    this.#gamma = gamma;
    this.#underWay = Array.from({ length: envs }, noReturns);
  }

  /** The factor on rewards and price; see `factorOf`. */
  get factor(): number {
    return factorOf(this.state());
  }

  /** Standard deviation of the return from a step to the end of its episode; 0 until the first reward other than 0. */
  get deviation(): number {
    return this.#rewarded ? 1 / this.factor : 0;
  }

  /** Whether a reward other than 0 has come. */
  get rewarded(): boolean {
    return this.#rewarded;
  }

  observe(transitions: readonly Rewarded[]): void {
    for (const { env, reward, ticks, terminated, truncated, lost } of transitions) {
      if (lost !== undefined) {
        this.#underWay[env] = noReturns();
        continue;
      }
      this.#rewarded ||= reward !== 0;
      // By the ticks of this step, not of the one before: for a scale that is near enough.
      const returns = withReward(this.#underWay[env], reward, this.#gamma ** ticks);
      const ended = terminated || truncated;
      if (ended) add(this.#stats, returns);
      this.#underWay[env] = ended ? noReturns() : returns;
    }
  }

  state(): RewardScaleState {
    return { stats: this.#stats.state(), underWay: [...this.#underWay], rewarded: this.#rewarded };
  }

  restore(state: RewardScaleState): void {
    this.#stats = RunningStats.fromState(state.stats);
    this.#underWay.forEach((_, env) => {
      this.#underWay[env] = state.underWay?.[env] ?? noReturns();
    });
    this.#rewarded = rewardedIn(state);
  }
}

/**
 * The factor of a saved scale. It is 1 until the first reward other than 0: returns of 0 do not show how large later ones
 * will be, and their deviation would scale the price alone.
 */
export function factorOf(state: RewardScaleState): number {
  if (!rewardedIn(state)) return 1;
  const stats = RunningStats.fromState(state.stats);
  for (const returns of state.underWay ?? []) add(stats, returns);
  return stats.scale(0);
}

function add(stats: RunningStats, { envSteps, sum, squares }: EpisodeReturns): void {
  if (envSteps === 0) return;
  const mean = sum / envSteps;
  stats.add(envSteps, mean, Math.max(0, squares - mean * sum));
}

/** Whether a reward other than 0 has come; for older checkpoints, which do not hold that, judged by the mean return. */
function rewardedIn({ rewarded, stats }: RewardScaleState): boolean {
  return rewarded ?? stats.mean[0] !== 0;
}
