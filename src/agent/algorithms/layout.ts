import type { Row } from '../../envs/index.ts';
import type { Trajectory } from '../../rollout/index.ts';

/** The observations, actions and masks of decisions, in the order of `sorted`. */
export function decisionsAt(trajectory: Trajectory, sorted: Int32Array) {
  const { sizes } = trajectory;
  const decisions = sorted.length;
  const rowsOf = (source: Row, size: number) => {
    const rows = new Float32Array(decisions * size);
    for (let i = 0, to = 0; i < decisions; i++) {
      const from = sorted[i] * size;
      // A call of the built-in copy costs as much as 32 numbers.
      if (size > 32) rows.set(source.subarray(from, from + size), to);
      else for (let j = 0; j < size; j++) rows[to + j] = source[from + j];
      to += size;
    }
    return rows;
  };
  return {
    decisions,
    rows: rowsOf(trajectory.rows, sizes.observationSize),
    actions: rowsOf(trajectory.actions, sizes.actionSize),
    masks: trajectory.masked ? rowsOf(trajectory.masks, sizes.maskSize) : undefined,
  };
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
