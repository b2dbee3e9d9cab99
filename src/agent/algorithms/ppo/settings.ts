import { z } from 'zod';
import { chosen, count, fraction, positive } from '../../common/config-numbers.ts';
import type { LearningConfig } from '../algorithm.ts';
import { noveltySetting } from '../novelty-setting.ts';

/** The section `ppo` of a config. */
export const ppoSettings = z.strictObject({
  decisions: count
    .default(1024)
    .describe('Decisions that a rollout collects before each update (T).'),
  minibatch: count.default(256).describe('Decisions in each gradient step (B).'),
  epochs: count.default(10).describe('Passes over each rollout.'),
  learningRate: positive.default(1e-3).describe('Adam’s step size when training starts.'),
  finalLearningRate: z
    .number()
    .min(0)
    .default(0)
    .describe('Adam’s step size when training ends; linear in between.'),
  adaptiveSteps: chosen(z.boolean()).describe(
    'Once an episode has terminated, take smaller steps after an update that targetKl ended before its last epoch, and larger ones again after any other, at most those of the schedule. Without it, true where all actions are continuous.',
  ),
  gamma: fraction
    .default(0.99)
    .describe('Discount factor per decision; with env.realTime, per tick.'),
  lambda: fraction.default(0.95).describe('GAE’s λ from one decision to the next.'),
  lambdaThink: fraction
    .default(1)
    .describe('GAE’s λ from one ponder step to the next, within a decision.'),
  clip: positive.default(0.2).describe('Clip the probability ratio of actions to 1 ± this.'),
  haltClip: positive
    .default(0.2)
    .describe('Clip the probability ratio of halting choices to 1 ± this.'),
  valueWeight: z
    .number()
    .min(0)
    .default(0.5)
    .describe('Weight of the value loss beside the policy loss.'),
  entropy: chosen(z.number().min(0)).describe(
    'Weight of the action entropy bonus when training starts. Without it, 0.01, less where actions have more than four choices, and 0 where all are continuous.',
  ),
  finalEntropy: z
    .number()
    .min(0)
    .optional()
    .describe(
      'Weight of the action entropy bonus when training ends; linear in between. Without it, the weight stays constant.',
    ),
  novelty: noveltySetting,
  haltEntropy: z
    .number()
    .min(0)
    .default(0.003)
    .describe('Weight of the entropy bonus of halting choices.'),
  magnet: z
    .strictObject({
      weight: positive.default(0.05).describe('Weight of KL(policy ‖ magnet) of the actions.'),
      rate: fraction
        .default(0.02)
        .describe('Share of the policy’s weights that the magnet takes over after each update.'),
    })
    .optional()
    .describe(
      'Pull of the actions towards a slow copy of the policy, so that self-play comes to an equilibrium (magnetic mirror descent). Without it, there is none.',
    ),
  maxGradNorm: positive.default(0.5).describe('Clip gradients to this global norm.'),
  targetKl: positive
    .optional()
    .describe(
      'Skip the remaining epochs of an update once kl + haltKl of an epoch exceeds this, in nats; 1000 never skips. Without it, 0.2 / √H, H being the decisions that a return covers: the mean length of an episode, at most 1 / (1 - gamma).',
    ),
});

export type PpoSettings = z.infer<typeof ppoSettings>;

/** The part of a run's config that PPO reads. */
export interface PpoConfig extends LearningConfig {
  ppo: PpoSettings;
}
