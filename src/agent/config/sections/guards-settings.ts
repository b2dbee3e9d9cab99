import { z } from 'zod';
import { count, positive } from '../../common/config-numbers.ts';

/** The section `guards` of a config. */
export const guardsSettings = z.strictObject({
  maxKl: positive
    .default(1)
    .describe(
      'Undo an update that moves the actions or the halting choices by a mean KL above this, in nats.',
    ),
  maxJump: positive
    .default(1000)
    .describe(
      'Undo an update whose gradient norm or value loss exceeds this multiple of its running mean, unless the update’s rewards and the price explain it.',
    ),
  consecutive: count
    .default(3)
    .describe(
      'Stop the run after this many undone updates in a row, or after this many returns to a checkpoint in a row because the policy’s numbers were not finite.',
    ),
  envFailures: z
    .int()
    .min(0)
    .default(3)
    .describe(
      'Failures of one environment in a row, without a finished episode between them, that the run tolerates: it drops the episode and makes the environment anew. One more failure stops the run.',
    ),
  maxObservation: positive
    .default(1e6)
    .describe('An environment has failed if its observation holds a number beyond ± this.'),
  maxReward: positive
    .default(1e6)
    .describe('An environment has failed if its reward is beyond ± this.'),
});
