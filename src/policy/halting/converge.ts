import type { HaltingRule } from './rule.ts';

/**
 * Stops once the action distribution has stopped moving, KL(π_{n−1} ‖ π_n) < tolerance nats: no
 * parameters, the baseline to beat (Huginn 2502.05171; Looped Actor).
 */
export function converge(tolerance: number): HaltingRule {
  return { readsChange: true, halts: ({ change }) => change < tolerance };
}
