import type { PoolState } from '../envs/index.ts';
import type { RngState } from '../kernels/index.ts';
import type { Tensors } from '../policy/index.ts';
import type { AgentState } from './agent.ts';
import type { AlgorithmState, UpdateSettings } from './algorithms/index.ts';
import type { Losses, UpdateMetrics, UpdateStats } from './events.ts';
import type { GuardState } from './guard.ts';
import type { RecipeState } from './recipe.ts';
import type { RewardScaleState } from './reward-scale.ts';
import type { WishesState } from './wishes.ts';

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
  recipe: RecipeState;
  best: BestScore | null;
  alarmed: number;
  /** The line of this update, where it is yet to be evaluated: it was saved first. */
  unevaluated?: UpdateMetrics;
  losses?: Losses;
  guard?: GuardState;
  hooks?: WishesState;
  rewardScale: RewardScaleState;
  rng: { act: RngState; learn: RngState };
  priced: number[];
  envs: PoolState;
}

/** What an update changes: the policy's weights, and what the algorithm holds beside them. */
export interface Learned extends AlgorithmState {
  weights: Tensors;
}

/** An update that was undone, with what it takes to see it again. */
export interface Incident {
  /** Why it could not stand. */
  reason: string;
  /** The update it would have been, and the environment steps until then. */
  update: number;
  steps: number;
  /** What it found, where it came so far. */
  stats: UpdateStats | undefined;
  /** What it was told, and the schedule at that time. */
  phase: UpdateSettings & Record<string, number | boolean>;
  /** Of the order of minibatches, before it. */
  rng: RngState;
  /** What there was before it, which holds. */
  before: Learned;
  /** What it learned from (`Trajectory.tensors`). */
  batch: Tensors;
}

/** Whether an update was undone. */
export function isIncident(learned: UpdateMetrics | Incident): learned is Incident {
  return 'reason' in learned;
}

/** The best evaluation so far; its score is taken at the price of the moment it is compared at. */
export interface BestScore {
  return: number;
  pricedSteps: number;
  /** Environment steps until then, which name its checkpoint. */
  steps?: number;
}
