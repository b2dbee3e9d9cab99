import { z } from 'zod';
import { chosen } from '../../common/config-numbers.ts';

/** The section `normalize` of a config. */
export const normalizeSettings = z.strictObject({
  obs: chosen(z.boolean()).describe(
    'Normalize Box observations by their running mean and standard deviation. Without it, true for a Box that is read as a vector, unless its bounds are 0 to 1 or −1 to 1 throughout.',
  ),
  reward: z
    .boolean()
    .default(true)
    .describe(
      'Divide rewards, and the price of a ponder step, by the running standard deviation of the return to the end of the episode.',
    ),
});
