import type * as tf from '@tensorflow/tfjs-core';
import { tensorOf } from '../../kernels/ops/index.ts';
import type { Given, PackedPasts } from '../../policy/index.ts';
import { gatherRows, type Trajectory } from '../../rollout/index.ts';

/** What was seen in decisions, their actions and masks, in the order of `sorted`. */
export function decisionsAt(trajectory: Trajectory, sorted: Int32Array) {
  const { actions, masks, masked, sizes } = trajectory;
  return {
    decisions: sorted.length,
    seen: trajectory.seenAt(sorted),
    actions: gatherRows(actions, sizes.actionSize, sorted),
    masks: masked ? gatherRows(masks, sizes.maskSize, sorted) : undefined,
  };
}

/** What a policy thinks about in a minibatch. @param decisions how many it has (B) */
export function givenOf(seen: Float32Array | PackedPasts, decisions: number): Given {
  if ('own' in seen) return seen;
  return tensorOf(seen, [decisions, seen.length / decisions]) as tf.Tensor2D;
}

/** Sorts decisions by ponder steps, the most first, then by index; `reach[k]` counts those with at least k + 1 steps. */
export function byDepth(
  chosen: Int32Array,
  ponderSteps: Int32Array,
): { sorted: Int32Array; reach: number[] } {
  const reach: number[] = [];
  for (const t of chosen) {
    while (reach.length < ponderSteps[t]) reach.push(0);
    for (let k = 0; k < ponderSteps[t]; k++) reach[k]++;
  }
  // The decisions with n ponder steps follow all those with more.
  const places = reach.map((_, k) => reach[k + 1] ?? 0);
  const sorted = new Int32Array(chosen.length);
  for (const t of chosen.sort()) sorted[places[ponderSteps[t] - 1]++] = t;
  return { sorted, reach };
}

/** The depth of each micro-step, laid out depth by depth [M]. */
export function depthsOf(reach: readonly number[]): Float32Array {
  const depths = new Float32Array(reach.reduce((sum, count) => sum + count, 0));
  let row = 0;
  for (const [k, count] of reach.entries()) depths.fill(k + 1, row, (row += count));
  return depths;
}
