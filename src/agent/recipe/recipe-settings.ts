import { z } from 'zod';

const positive = z.number().positive();
const fraction = z.number().min(0).max(1);
const count = z.int().min(1);

/** The section `price` of a config. */
export const priceSettings = z
  .strictObject({
    initial: z
      .number()
      .min(0)
      .default(0.02)
      .describe('Reward subtracted per ponder step beyond minSteps, in units of the raw reward.'),
    targetSteps: positive
      .optional()
      .describe('Mean ponder steps the price is steered to; the price stays fixed unless given.'),
    rate: positive
      .default(0.2)
      .describe(
        'Relative change of the price per update and ponder step of deviation from the target.',
      ),
    max: positive.default(1).describe('The steered price never exceeds this.'),
  })
  .refine((price) => price.targetSteps === undefined || price.initial > 0, {
    message: 'expected more than 0 where the price is steered (price.targetSteps)',
    path: ['initial'],
  });

/** The section `recipe` of a config. */
export const recipeSettings = z.strictObject({
  releaseReturn: z
    .number()
    .optional()
    .describe('Smoothed return at which the halting head is released; a plateau unless given.'),
  minUpdates: z.int().min(0).default(20).describe('Updates of warm-up at least.'),
  plateauUpdates: count
    .default(20)
    .describe('Updates without a better smoothed return that count as a plateau.'),
  maxWarmup: fraction.default(0.4).describe('Share of training after which release comes anyway.'),
  forcedShare: fraction
    .default(0.25)
    .describe('Share of decisions forced to a uniformly random depth after release.'),
  distillation: z
    .number()
    .min(0)
    .default(0)
    .describe('Weight of KL(final step ‖ each earlier step), which teaches early steps.'),
});

export type PriceSettings = z.infer<typeof priceSettings>;
export type RecipeSettings = z.infer<typeof recipeSettings>;
