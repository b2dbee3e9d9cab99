import type { RngState } from '../../kernels/index.ts';
import type { Tensors } from '../../policy/index.ts';
import type { AlgorithmState, UpdateSettings } from '../algorithms/index.ts';
import type { UpdateMetrics, UpdateStats } from '../events/events.ts';

/** The results of learning: the policy's weights, and the algorithm's own tensors. */
export interface Learned extends AlgorithmState {
  weights: Tensors;
}

/** An update that was undone, with the data to reproduce it. */
export interface Incident {
  /** Why it was undone. */
  reason: string;
  /** Its number. */
  update: number;
  envSteps: number;
  /** Its statistics; undefined where it failed before they were known. */
  stats: UpdateStats | undefined;
  /** Its settings, and the schedule at that time. */
  phase: UpdateSettings & Record<string, number | boolean>;
  /** The state of the algorithm's draws before it. */
  rng: RngState;
  /** Weights and tensors before it, which are restored. */
  before: Learned;
  /** Its rollout (`Trajectory.tensors`). */
  batch: Tensors;
}

/** Whether an update was undone. */
export function isIncident(learned: UpdateMetrics | Incident): learned is Incident {
  return 'reason' in learned;
}
