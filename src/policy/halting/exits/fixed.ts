import { z } from 'zod';
import type { HaltingRule } from '../rule.ts';
import { defineExit } from './exit.ts';

/** A rule that acts after the same number of ponder steps always; with 1 the policy is a plain transformer. */
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
