import type { PoolState } from '../../envs/index.ts';
import type { RngState } from '../../kernels/index.ts';
import type { AgentState } from '../agent/agent.ts';
import type { RewardScaleState } from '../algorithms/reward-scale.ts';
import type { Losses, UpdateMetrics } from '../events/events.ts';
import type { HookRequestsState } from '../hooks/hook-requests.ts';
import type { HaltingScheduleState } from '../recipe/halting-schedule.ts';
import type { GuardState } from './guard.ts';

/** A training run's state beside weights and optimiser, as plain JSON. */
export interface TrainingState {
  agent: AgentState;
  update: number;
  steps: number;
  /** How long training was to be. */
  totalSteps?: number;
  episodes: number;
  /** Seconds of training so far. */
  elapsed: number;
  /** What the algorithm counts. */
  algorithm?: Record<string, number>;
  /** The same in older checkpoints, which are PPO's. */
  optimiserStep?: number;
  recipe: HaltingScheduleState;
  best: BestScore | null;
  alarmed: number;
  /** The line of this update, where it is yet to be evaluated: it was saved first. */
  unevaluated?: UpdateMetrics;
  losses?: Losses;
  guard?: GuardState;
  hooks?: HookRequestsState;
  rewardScale: RewardScaleState;
  rng: { act: RngState; learn: RngState };
  priced: number[];
  envs: PoolState;
}

/** The best evaluation so far; its score is taken at the price of the moment it is compared at. */
export interface BestScore {
  return: number;
  pricedSteps: number;
  /** Environment steps until then, which name its checkpoint. */
  steps?: number;
}
