import { z } from 'zod';
import type { LearningConfig } from '../algorithm.ts';

const positive = z.number().positive();
const fraction = z.number().min(0).max(1);
const count = z.int().min(1);

/** The section `ppo` of a config. */
export const ppoSettings = z.strictObject({
  decisions: count.default(1024).describe('Decisions a rollout collects before each update (T).'),
  minibatch: count.default(256).describe('Decisions a gradient step uses (B).'),
  epochs: count.default(4).describe('Passes over a rollout.'),
  learningRate: positive.default(3e-3).describe('Adam’s step size at the start.'),
  finalLearningRate: z
    .number()
    .min(0)
    .default(3e-4)
    .describe('Adam’s step size at the end; linear in between.'),
  gamma: fraction.default(0.99).describe('Discount per decision.'),
  lambda: fraction.default(0.95).describe('GAE’s λ on act edges.'),
  lambdaThink: fraction.default(1).describe('GAE’s λ on think edges.'),
  clip: positive.default(0.2).describe('Clip of the action ratio.'),
  haltClip: positive.default(0.2).describe('Clip of the halting ratio.'),
  valueWeight: z.number().min(0).default(0.5).describe('Weight of the value loss.'),
  entropy: z.number().min(0).default(0.01).describe('Weight of the action entropy at the start.'),
  finalEntropy: z
    .number()
    .min(0)
    .optional()
    .describe('Weight of the action entropy at the end; constant unless given.'),
  haltEntropy: z.number().min(0).default(0.003).describe('Weight of the halting entropy.'),
  maxGradNorm: positive.default(0.5).describe('Global norm that gradients are clipped to.'),
  targetKl: positive
    .default(0.2)
    .describe(
      'The remaining epochs are skipped once kl + haltKl of one exceeds this, in nats; 1000 never does.',
    ),
});

export type PpoSettings = z.infer<typeof ppoSettings>;

/** What PPO reads of a run's config. */
export interface PpoConfig extends LearningConfig {
  ppo: PpoSettings;
}
