import { fixed, learnsToHalt, trainingRule } from '../../policy/index.ts';
import type { DecisionOptions } from '../../rollout/index.ts';
import type { LearningConfig, Stage } from './algorithm.ts';

/** The ponder steps of each thought by the rule `fixed`, which alone has this setting. */
export function fixedDepth(halting: LearningConfig['halting']): number {
  const { ponderSteps = halting.maxSteps } = halting as { ponderSteps?: number };
  return ponderSteps;
}

/** The behavior in which each thought takes so many ponder steps, and actions are sampled. */
export function fixedBehavior(
  depth: number,
  { floor }: Pick<LearningConfig['halting'], 'floor'>,
): DecisionOptions {
  const base = { rule: fixed(depth), minSteps: depth, maxSteps: depth };
  return { ...base, forced: 0, floor, greedy: false };
}

/**
 * The behavior with which most algorithms collect rollouts: after its release the config's halting rule ends thoughts,
 * before it each thought takes `maxSteps` ponder steps; actions are sampled.
 * @param config of the run
 * @param stage whether the halting rule is released, and the share of forced decisions
 */
export function trainedBehavior(
  { halting }: Pick<LearningConfig, 'halting'>,
  { released, forced }: Stage,
): DecisionOptions {
  const { minSteps, maxSteps, floor } = halting;
  const base = { minSteps, maxSteps, floor, greedy: false };
  const learns = learnsToHalt(halting);
  if (learns && !released) return { ...base, rule: fixed(maxSteps), forced: 0 };
  return { ...base, rule: trainingRule(halting), forced: learns ? forced : 0 };
}
