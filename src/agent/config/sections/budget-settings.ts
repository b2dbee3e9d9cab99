import { z } from 'zod';
import { count, positive } from '../../common/config-numbers.ts';

/** The section `budget` of a config. */
export const budgetSettings = z.strictObject({
  rssMiB: positive
    .optional()
    .describe(
      'Most resident memory of the process, in MiB. Above it, the run saves a checkpoint and ends with exit code 75, to be resumed in a new process. Without it, there is no limit.',
    ),
  heapMiB: positive
    .optional()
    .describe(
      'Most JavaScript heap, in MiB, including garbage not yet collected. Above it, the run saves and ends with exit code 75. Without it, there is no limit.',
    ),
  tensorGrowth: count
    .optional()
    .describe(
      'Most tensors beyond the highest count of the first 20 updates. Above it, the run saves and ends with exit code 75. Without it, there is no limit.',
    ),
});
