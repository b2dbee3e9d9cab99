import { z } from 'zod';

/** The section `memory` of a config. */
export const memorySettings = z.strictObject({
  length: z
    .int()
    .min(0)
    .default(0)
    .describe(
      'Entries that a decision attends to: one for each decision of its episode so far, its own among them, at most so many (L). 0: no memory, each decision sees its observation alone.',
    ),
  prelude: z
    .int()
    .min(0)
    .default(0)
    .describe(
      'Causal transformer blocks that entries pass before decisions attend to them; in each, an entry attends to the last `length` entries.',
    ),
  observationsOnly: z
    .boolean()
    .default(false)
    .describe(
      'true: an entry holds its observation alone, as a text wants, whose tokens are the observations. false: also the action and the reward before it.',
    ),
});
