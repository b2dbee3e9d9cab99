import { z } from 'zod';

/** The section `normalize` of a config. */
export const normalizeSettings = z.strictObject({
  obs: z
    .boolean()
    .default(false)
    .describe('Normalize Box observations by their running mean and standard deviation.'),
  reward: z
    .boolean()
    .default(false)
    .describe(
      'Divide rewards, and the price of a ponder step, by the running standard deviation of the return to the end of the episode.',
    ),
});
