import type { RngState } from '../../kernels/index.ts';
import type { Tensors } from '../../policy/index.ts';
import type { AlgorithmState, UpdateSettings } from '../algorithms/index.ts';
import type { UpdateMetrics, UpdateStats } from '../events/events.ts';

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
  envSteps: number;
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
