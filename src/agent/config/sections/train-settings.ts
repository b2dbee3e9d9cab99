import { z } from 'zod';
import { count } from '../../common/config-numbers.ts';

/** The section `train` of a config. */
export const trainSettings = z.strictObject({
  totalSteps: count.describe(
    'Length of training, in environment steps summed over all environments.',
  ),
  seed: z.int().min(0).default(0).describe('Seed of every random number in the run.'),
  warmStart: z
    .string()
    .optional()
    .describe(
      'Run directory whose weights training starts from. Without it, weights start at random.',
    ),
});
