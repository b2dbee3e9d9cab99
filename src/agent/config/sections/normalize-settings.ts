import { z } from 'zod';
import { chosen } from '../../common/config-numbers.ts';

/** The section `normalize` of a config. */
export const normalizeSettings = z.strictObject({
  obs: chosen(z.boolean()).describe(
    'Normalize Box observations by their running mean and standard deviation; those of a set, a Sequence or the nodes of a Graph by one for each number of a member. Without it, true for a Box that is read as a vector or a set, and for a Sequence or nodes of such vectors, unless bounds are 0 to 1 or −1 to 1 throughout.',
  ),
  reward: z
    .boolean()
    .default(true)
    .describe(
      'Divide rewards, and the price of a ponder step, by the running standard deviation of the return to the end of the episode.',
    ),
});
