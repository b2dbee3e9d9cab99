import { z } from 'zod';
import { count, positive } from '../../common/config-numbers.ts';

/** The section `checkpoint` of a config. */
export const checkpointSettings = z.strictObject({
  everyUpdates: count.default(25).describe('Updates between two checkpoints.'),
  everySeconds: positive
    .default(600)
    .describe('Save a checkpoint sooner if this many seconds have passed since the last one.'),
  keep: count
    .default(3)
    .describe('Newest checkpoints to keep, besides the best one and the milestones.'),
  milestoneSteps: count
    .optional()
    .describe(
      'Keep the first checkpoint of every this many environment steps forever (a milestone). Without it, there are no milestones.',
    ),
  failures: count
    .default(10)
    .describe(
      'Stop the run after this many failed saves in a row (a full disk, for example). A failed save is tried again after a minute.',
    ),
});
