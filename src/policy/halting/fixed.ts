import type { HaltingRule } from './rule.ts';

/** Always the same number of steps; the vanilla transformer at 1. */
export function fixed(steps: number): HaltingRule {
  return { depth: () => steps, halts: ({ n }) => n >= steps };
}
