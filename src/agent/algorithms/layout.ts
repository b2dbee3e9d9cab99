import type { Trajectory } from '../../rollout/index.ts';

/** What was seen and done. */
export function seen(trajectory: Trajectory, sorted: Int32Array) {
  const { sizes } = trajectory;
  const decisions = sorted.length;
  const rowsOf = (source: Float32Array, size: number) => {
    const rows = new Float32Array(decisions * size);
    for (let i = 0, to = 0; i < decisions; i++) {
      for (let from = sorted[i] * size, end = from + size; from < end; ) {
        rows[to++] = source[from++];
      }
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

/** Decisions by ponder steps, the most first, then by index; and how many have at least 1, 2, … steps. */
export function byDepth(
  chosen: Int32Array,
  steps: Int32Array,
): { sorted: Int32Array; reach: number[] } {
  const reach: number[] = [];
  for (const t of chosen) {
    while (reach.length < steps[t]) reach.push(0);
    for (let k = 0; k < steps[t]; k++) reach[k]++;
  }
  // Those of n steps lie after all that have more.
  const places = reach.map((_, k) => reach[k + 1] ?? 0);
  const sorted = new Int32Array(chosen.length);
  for (const t of chosen.sort()) sorted[places[steps[t] - 1]++] = t;
  return { sorted, reach };
}

/** Ponder steps taken, by row of the states of all depths. */
export function depthsOf(reach: readonly number[]): Float32Array {
  const steps = new Float32Array(reach.reduce((sum, count) => sum + count, 0));
  let row = 0;
  for (const [k, count] of reach.entries()) steps.fill(k + 1, row, (row += count));
  return steps;
}
