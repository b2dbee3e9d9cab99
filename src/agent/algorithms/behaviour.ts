import { fixed, learnsToHalt, trainingRule } from '../../policy/index.ts';
import type { DecisionOptions } from '../../rollout/index.ts';
import type { LearningConfig, Stage } from './algorithm.ts';

/**
 * The behavior that most algorithms collect rollouts with: the config's halting rule ends thoughts once it is released,
 * before that each takes `maxSteps` ponder steps, and actions are drawn.
 * @param config of the run
 * @param stage the stage of training
 */
export function trainedBehaviour(
  { halting }: Pick<LearningConfig, 'halting'>,
  { released, forced }: Stage,
): DecisionOptions {
  const { minSteps, maxSteps, floor } = halting;
  const base = { minSteps, maxSteps, floor, greedy: false };
  const learns = learnsToHalt(halting);
  if (learns && !released) return { ...base, rule: fixed(maxSteps), forced: 0 };
  return { ...base, rule: trainingRule(halting), forced: learns ? forced : 0 };
}
