import type { PackedPasts } from '../../../policy/index.ts';
import type { Trajectory } from '../../../rollout/index.ts';
import { decisionsAt } from '../layout.ts';

/** A minibatch of demonstrated decisions, each thought of to the same depth. */
export interface Minibatch {
  decisions: number;
  /** Indices in the rollout, rising [B]. */
  sorted: Int32Array;
  /** The number of decisions, once for each depth [K]. */
  reach: number[];
  /** Observations [B, observationSize], or entries of memory too. */
  seen: Float32Array | PackedPasts;
  /** The demonstrated actions [B, actionSize]. */
  actions: Float32Array;
  /** Allowed actions [B, maskSize]; undefined where all are. */
  masks: Float32Array | undefined;
}

/** Gathers the chosen decisions of a rollout. @param chosen indices of decisions; sorted in place @param depths ponder steps (K) */
export function gather(trajectory: Trajectory, chosen: Int32Array, depths: number): Minibatch {
  const sorted = chosen.sort();
  const reach = new Array<number>(depths).fill(sorted.length);
  return { sorted, reach, ...decisionsAt(trajectory, sorted) };
}
