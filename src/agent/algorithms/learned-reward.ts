import type { Trajectory } from '../../rollout/index.ts';
import type { UpdateSettings } from './algorithm.ts';

/** The factors on what a rollout was worth. */
export type RewardFactors = Pick<UpdateSettings, 'rewardScale' | 'noveltyFactor'>;

/** The reward of decision t that an algorithm learns from: the scaled reward, and the bonus of exploration. */
export function learnedReward(
  { rewards, bonuses }: Pick<Trajectory, 'rewards' | 'bonuses'>,
  t: number,
  { rewardScale, noveltyFactor }: RewardFactors,
): number {
  return rewards[t] * rewardScale + bonuses[t] * noveltyFactor;
}

/** The mean bonus of a rollout's decisions, in the unit of learned rewards. */
export function meanBonus(
  { bonuses, count }: Pick<Trajectory, 'bonuses' | 'count'>,
  noveltyFactor: number,
): number {
  let sum = 0;
  for (let t = 0; t < count; t++) sum += bonuses[t];
  return count === 0 ? 0 : (sum / count) * noveltyFactor;
}
