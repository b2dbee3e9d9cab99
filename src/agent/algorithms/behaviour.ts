import { fixed, learnsToHalt, trainingRule } from '../../policy/index.ts';
import type { DecisionOptions } from '../../rollout/index.ts';
import type { LearningConfig, Stage } from './algorithm.ts';

/** Thoughts end by the config's halting rule once it is released, until then at full depth; actions are drawn. */
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
