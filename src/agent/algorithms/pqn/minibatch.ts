import type { ActionValues, PackedPasts } from '../../../policy/index.ts';
import type { Trajectory } from '../../../rollout/index.ts';
import { byDepth, decisionsAt } from '../layout.ts';

/** A minibatch, decisions sorted by ponder steps descending, micro-steps laid out depth by depth. */
export interface Minibatch {
  decisions: number;
  /** Decisions with at least k steps, at index k − 1: the prefix that runs at depth k. */
  reach: number[];
  /** Observations [B, observationSize], or entries of memory too. */
  seen: Float32Array | PackedPasts;
  /** Weights of each micro-step's outputs, whose weighted sum is Q of its choice [M, P + 2]. */
  parts: Float32Array;
  /** The target of that Q [M]. */
  target: Float32Array;
  /** 1 where the choice was to think on, 0 where it was an action [M]. */
  think: Float32Array;
}

/**
 * Gathers the chosen decisions of a rollout.
 * @param targets the targets of the rollout's micro-steps [M]
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
  const { decisions, seen, actions } = decisionsAt(trajectory, sorted);
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
  return { decisions, reach, seen, parts, target, think };
}
