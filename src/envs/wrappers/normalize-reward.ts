import { RunningStats } from '../common/running-stats.ts';
import type { Env } from '../contract/env.ts';
import { wrap } from './wrap.ts';

/** The discount and the statistics of `normalizeReward`. */
export interface NormalizeRewardOptions {
  /** The discount of the return, in [0, 1]. */
  gamma: number;
  /** Statistics to start from and to update, of size 1; `stats.scale(0)` is the present factor. Default: new ones. */
  stats?: RunningStats;
  /** Whether to leave the statistics as they are; default `false`. */
  frozen?: boolean;
}

/**
 * Divides rewards by the standard deviation of the discounted return, without a shift (Gymnasium's NormalizeReward):
 *
 *     G ← γ·G·(1 − terminated) + r
 *
 * G continues through truncation and reset, as in Gymnasium.
 * @throws RangeError for statistics of another size than 1
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
