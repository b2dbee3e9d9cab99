import type { ActionValues } from '../../../policy/index.ts';
import type { Trajectory } from '../../../rollout/index.ts';
import { byDepth, seen } from '../layout.ts';

/** A minibatch, decisions sorted by ponder steps descending, micro-steps laid out depth by depth. */
export interface Minibatch {
  decisions: number;
  /** Decisions with at least k steps, at index k − 1: the prefix that runs at depth k. */
  reach: number[];
  rows: Float32Array; // [B, observationSize]
  /** What the heads say of a micro-step adds up, weighted by this, to Q of what was chosen [M, P + 2]. */
  parts: Float32Array;
  /** What that is learned towards [M]. */
  target: Float32Array;
  /** 1 where it thought on, 0 where it acted [M]. */
  think: Float32Array;
}

/**
 * The chosen decisions of a rollout.
 * @param targets of its micro-steps [M]
 * @param chosen indices of decisions; sorted in place
 */
export function gather(
  trajectory: Trajectory,
  targets: Float32Array,
  values: ActionValues,
  chosen: Int32Array,
): Minibatch {
  const { ponderSteps, offset } = trajectory;
  const { sorted, reach } = byDepth(chosen, ponderSteps);
  const total = reach.reduce((a, b) => a + b, 0);
  const width = values.outputs + 2;
  const parts = new Float32Array(total * width);
  const target = new Float32Array(total);
  const think = new Float32Array(total);
  const { decisions, rows, actions } = seen(trajectory, sorted);
  let m = 0;
  reach.forEach((count, index) => {
    const thinkOn = reach[index + 1] ?? 0;
    for (let i = 0; i < count; i++, m++) {
      const { actionSize } = values;
      const action = actions.subarray(i * actionSize, (i + 1) * actionSize);
      values.parts(i < thinkOn ? undefined : action, parts.subarray(m * width, (m + 1) * width));
      target[m] = targets[offset[sorted[i]] + index];
      think[m] = i < thinkOn ? 1 : 0;
    }
  });
  return { decisions, reach, rows, parts, target, think };
}
