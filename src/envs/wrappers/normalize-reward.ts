import { RunningStats } from '../common/running-stats.ts';
import type { Env } from '../contract/env.ts';
import { wrap } from './wrap.ts';

export interface NormalizeRewardOptions {
  /** The discount of the return whose spread is the unit. */
  gamma: number;
  /** The statistics to use and to go on with, of size 1; `stats.scale(0)` is the factor now. */
  stats?: RunningStats;
  /** Scale, but learn no more. */
  frozen?: boolean;
}

/**
 * Divides rewards by the standard deviation of the discounted return G = γ·G·(1 − terminated) + r,
 * which goes on through truncation and reset; the mean stays (Gymnasium's NormalizeReward).
 */
export function normalizeReward<Obs, Action>(
  env: Env<Obs, Action>,
  { gamma, stats = new RunningStats(1), frozen = false }: NormalizeRewardOptions,
): Env<Obs, Action> {
  if (stats.size !== 1) {
    throw new RangeError(`normalizeReward: expected stats of size 1, got ${stats.size}`);
  }
  let discounted = 0;
  return wrap(env, {
    observationSpace: env.observationSpace,
    onReset: (reset) => reset,
    onStep: (step) => {
      discounted = gamma * discounted * (step.terminated ? 0 : 1) + step.reward;
      if (!frozen) stats.update([discounted], 1);
      return { ...step, reward: step.reward * stats.scale(0) };
    },
    snapshot: () => ({ discounted, stats: stats.state() }),
    restore: (state) => {
      const saved = state as { discounted: number; stats: unknown };
      stats.restore(saved.stats);
      discounted = saved.discounted;
    },
  });
}
