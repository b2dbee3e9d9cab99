import type { PoolState } from '../../envs/index.ts';
import type { RngState } from '../../kernels/index.ts';
import type { AgentState } from '../agent/agent-state.ts';
import type { RewardScaleState } from '../algorithms/reward-scale.ts';
import type { Losses, UpdateMetrics } from '../events/events.ts';
import type { NoveltyState } from '../exploration/novelty.ts';
import type { HookRequestsState } from '../hooks/hook-requests.ts';
import type { HaltingScheduleState } from '../recipe/halting-schedule.ts';
import type { SelfPlayState } from '../self-play/self-play.ts';
import type { GuardState } from './guard.ts';
import type { LearningWatchState } from './learning-watch.ts';

/** A training run's state beside weights and optimizer, as plain JSON. */
export interface TrainingState {
  agent: AgentState;
  update: number;
  envSteps: number;
  /** The run's `train.totalSteps`. */
  totalSteps?: number;
  episodes: number;
  /** Seconds of training so far. */
  elapsed: number;
  /** The algorithm's counters. */
  algorithm: Record<string, number>;
  recipe: HaltingScheduleState;
  best: BestScore | null;
  alarmed: number;
  /** Checkpoints of 0.1 do not have it. */
  watch?: LearningWatchState;
  /** The line of this update, where its evaluation is due. */
  unevaluated?: UpdateMetrics;
  losses?: Losses;
  /** The names of the environment's own numbers. */
  envMetrics?: string[];
  guard?: GuardState;
  hooks?: HookRequestsState;
  rewardScale: RewardScaleState;
  /** Checkpoints of 0.1 do not have it. */
  novelty?: NoveltyState;
  /** Where the run learns by self-play. */
  selfPlay?: SelfPlayState;
  rng: { act: RngState; learn: RngState };
  priced: number[];
  envs: PoolState;
}

/** The best evaluation so far; comparisons compute its score with the present price. */
export interface BestScore {
  /** Of an episode; −nats of a decision where an algorithm learns from demonstrations. */
  return: number;
  /** Ponder steps beyond minSteps, of an episode or a decision likewise. */
  pricedSteps: number;
  /** They name its checkpoint. */
  envSteps?: number;
}
