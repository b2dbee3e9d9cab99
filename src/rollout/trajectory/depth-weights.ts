import type { Trajectory } from './trajectory.ts';

/**
 * The weight of the trace into each decision [T]: 1, or for a decision forced to n ponder steps
 *
 *     min(1, π(n) / u(n)),    π(n) = halt_n · Π_{minSteps ≤ k < n} (1 − halt_k),    u(n) = 1 / (maxSteps − minSteps + 1)
 *
 * where halt at `maxSteps` counts as 1. It is the c of V-trace (Espeholt et al. 2018, arXiv 1802.01561, section 4.1),
 * since u and not the halting head drew the forced depth.
 * @param trajectory the decisions
 * @param limits the range of depths
 */
export function depthWeights(
  {
    count,
    ponderSteps,
    offset,
    forced,
    halts,
  }: Pick<Trajectory, 'count' | 'ponderSteps' | 'offset' | 'forced' | 'halts'>,
  { minSteps, maxSteps }: { minSteps: number; maxSteps: number },
): Float32Array {
  const weights = new Float32Array(count).fill(1);
  for (let t = 0; t < count; t++) {
    if (!forced[t]) continue;
    const n = ponderSteps[t];
    let own = n < maxSteps ? halts[offset[t] + n - 1] : 1;
    for (let k = minSteps; k < n; k++) own *= 1 - halts[offset[t] + k - 1];
    weights[t] = Math.min(1, own * (maxSteps - minSteps + 1));
  }
  return weights;
}
