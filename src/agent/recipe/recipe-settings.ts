import { z } from 'zod';
import { count, fraction, positive } from '../common/config-numbers.ts';

/** The section `price` of a config. */
export const priceSettings = z
  .strictObject({
    initial: z
      .number()
      .min(0)
      .optional()
      .describe(
        'Cost of each ponder step beyond halting.minSteps after release, in units of the raw reward; the start value if the price is steered. Without it, the release sets it: one more step in each decision costs 5 % of the standard deviation of returns; with env.realTime, it is 0, since time is the price.',
      ),
    targetSteps: positive
      .optional()
      .describe(
        'Mean ponder steps of a decision to which a controller steers the price. Without it, the price stays fixed.',
      ),
    rate: positive
      .default(0.2)
      .describe(
        'Speed of the controller: change of ln(price) in an update, for each ponder step that the mean is heading above the target; at most 0.1 either way.',
      ),
    max: positive
      .default(1)
      .describe('Upper bound of the steered price, in units of the raw reward.'),
  })
  .refine((price) => price.targetSteps === undefined || price.initial !== 0, {
    message: 'expected more than 0 where the price is steered (price.targetSteps)',
    path: ['initial'],
  });

/** The section `recipe` of a config. */
export const recipeSettings = z.strictObject({
  releaseReturn: z
    .number()
    .optional()
    .describe(
      'Release the halting head once the smoothed return reaches this, in units of the raw reward. Without it, release follows a plateau of the return.',
    ),
  minUpdates: z
    .int()
    .min(0)
    .default(20)
    .describe('Minimum updates before release, unless maxWarmup comes first.'),
  plateauUpdates: count
    .default(20)
    .describe('Updates without a new best smoothed return that count as a plateau.'),
  maxWarmup: fraction
    .default(0.4)
    .describe(
      'Share of training after which the halting head is released in any case; 1 waits until the end.',
    ),
  forcedShare: fraction
    .default(0.25)
    .describe(
      'Share of decisions after release whose depth is drawn uniformly from halting.minSteps to halting.maxSteps, so that the policy stays good at every depth.',
    ),
  distillation: z
    .number()
    .min(0)
    .default(0)
    .describe(
      'Weight of the loss KL(last ponder step ‖ each earlier one), which teaches early steps the action of the last (ppo only); 0 turns it off.',
    ),
});

export type PriceSettings = z.infer<typeof priceSettings>;
export type RecipeSettings = z.infer<typeof recipeSettings>;
