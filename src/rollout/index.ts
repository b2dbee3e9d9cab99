/**
 * From observations to decisions and trajectories: the deciders, the RxJS pipeline that steps environments, and advantages.
 * @module api-rollout
 */

export type {
  Decision,
  DecisionRequest,
  Spent,
  StepTrace,
  Transition,
} from './deciders/decision.ts';
export { Demonstrator } from './deciders/demonstrator.ts';
export {
  type Decider,
  type DeciderContext,
  type DeciderDefinition,
  type DecisionOptions,
  deciderSections,
  deciders,
  registerDecider,
  Scheduler,
  type Simulator,
} from './deciders/index.ts';
export { givenBy } from './deciders/rows-of.ts';
export { turnDiscount } from './deciders/turn-discount.ts';
export { type CollectOptions, collect } from './pipeline/collect.ts';
export { follow, Histories, parted, remember } from './pipeline/histories.ts';
export { act, decide, observe } from './pipeline/operators.ts';
export { type Rollout, type RolloutOptions, rollouts } from './pipeline/rollouts.ts';
export {
  TIME_CATEGORIES,
  type TimeCategory,
  type TimeSeconds,
  TimeSpent,
} from './pipeline/time-spent.ts';
export {
  type AdvantageOptions,
  advantages,
  GOES_ON,
  type MicroSteps,
  TERMINATED,
  TRUNCATED,
} from './trajectory/advantages.ts';
export { depthWeights } from './trajectory/depth-weights.ts';
export type { FrameLayout } from './trajectory/frame-store.ts';
export { gatherRows } from './trajectory/gather-rows.ts';
export { type Following, Trajectory, type TrajectorySizes } from './trajectory/trajectory.ts';
