import { z } from 'zod';
import { defineHalting } from '../definition.ts';
import { fixed } from '../exits/index.ts';

/** The halting rule `fixed`: the same number of ponder steps always, in training and after; it learns nothing. */
export const fixedHalting = defineHalting({
  name: 'fixed',
  summary:
    'every decision takes the same number of ponder steps (halting.ponderSteps), and nothing is learned about when to act',
  exit: 'fixed',
  fields: {
    ponderSteps: z
      .int()
      .min(1)
      .optional()
      .describe('Ponder steps of every decision with the rule fixed. Without it: maxSteps.'),
  },
  statistics: {},
  explain: ({ ponderSteps, maxSteps }) =>
    ponderSteps !== undefined && ponderSteps > maxSteps
      ? { field: 'ponderSteps', message: 'expected ponderSteps ≤ maxSteps' }
      : undefined,
  rule: ({ ponderSteps, maxSteps }) => fixed(ponderSteps ?? maxSteps),
});
