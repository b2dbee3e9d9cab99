export {
  type AdvantageOptions,
  advantages,
  GOES_ON,
  type MicroSteps,
  TERMINATED,
  TRUNCATED,
} from './advantages.ts';
export { type CollectOptions, collect } from './collect.ts';
export {
  type Behaviour,
  type Decider,
  type DeciderContext,
  type DeciderDefinition,
  deciderSections,
  deciders,
  registerDecider,
  Scheduler,
} from './deciders/index.ts';
export { depthWeights } from './depth-weights.ts';
export type { Decision, StepTrace, Transition } from './messages.ts';
export { act, decide, observe } from './operators.ts';
export { type Rollout, type RolloutOptions, rollouts } from './rollouts.ts';
export { PHASES, type Phase, type PhaseSeconds, TimeSpent } from './time-spent.ts';
export { Trajectory, type TrajectorySizes } from './trajectory.ts';
