import { z } from 'zod';
import type { HaltingRule } from '../rule.ts';
import { defineExit } from './exit.ts';

/** Always the same number of steps; the vanilla transformer at 1. */
export function fixed(steps: number): HaltingRule {
  return { depth: () => steps, halts: ({ n }) => n >= steps };
}

export const fixedExit = defineExit({
  name: 'fixed',
  summary: 'after the same number of ponder steps always',
  options: {
    ponderSteps: z
      .int()
      .min(1)
      .optional()
      .describe(
        'Ponder steps of the exit fixed; halting.ponderSteps, or else maxSteps, unless given.',
      ),
  },
  reach: ({ ponderSteps }) => ponderSteps,
  rule: ({ ponderSteps = Infinity }) => fixed(ponderSteps),
  reason: () => 'as many steps always',
});
