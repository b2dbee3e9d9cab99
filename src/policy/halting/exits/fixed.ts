import { z } from 'zod';
import type { HaltingRule } from '../rule.ts';
import { defineExit } from './exit.ts';

/** A rule that acts after the same number of ponder steps always; with 1 the policy is a plain transformer. */
export function fixed(ponderSteps: number): HaltingRule {
  return { depth: () => ponderSteps, halts: ({ n }) => n >= ponderSteps };
}

export const fixedExit = defineExit({
  name: 'fixed',
  summary: 'acts after the same number of ponder steps every time',
  options: {
    ponderSteps: z
      .int()
      .min(1)
      .optional()
      .describe(
        'Ponder steps of the exit fixed. Without it: halting.ponderSteps, or else halting.maxSteps.',
      ),
  },
  maxSteps: ({ ponderSteps }) => ponderSteps,
  rule: ({ ponderSteps = Infinity }) => fixed(ponderSteps),
  reason: () => 'the same number of steps every time',
});
