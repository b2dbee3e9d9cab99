import { z } from 'zod';
import { count, fraction, positive } from '../../common/config-numbers.ts';
import { noveltySetting } from '../novelty-setting.ts';

/** The section `pqn` of a config. */
export const pqnSettings = z.strictObject({
  decisions: count
    .default(512)
    .describe('Decisions that a rollout collects before each update (T).'),
  minibatch: count.default(128).describe('Decisions in each gradient step (B).'),
  epochs: count.default(4).describe('Passes over each rollout.'),
  learningRate: positive.default(2e-3).describe('Adam’s step size when training starts.'),
  finalLearningRate: z
    .number()
    .min(0)
    .default(2e-4)
    .describe('Adam’s step size when training ends; linear in between.'),
  gamma: fraction
    .default(0.99)
    .describe('Discount factor per decision; with env.realTime, per tick.'),
  lambda: fraction.default(0.95).describe('λ of the returns Q(λ) from one decision to the next.'),
  lambdaThink: fraction
    .default(0)
    .describe(
      'λ of the value of thinking on, from one ponder step to the next; 0 learns it from the values after the next step alone.',
    ),
  thinkWeight: z
    .number()
    .min(0)
    .default(0.3)
    .describe('Weight of the loss of Q_think (thinking on) beside that of Q_act (the actions).'),
  epsilon: fraction
    .default(1)
    .describe('Share of actions drawn uniformly at random when training starts.'),
  finalEpsilon: fraction
    .default(0.05)
    .describe(
      'Share of actions drawn uniformly at random once epsilonDecay of training is done; linear in between.',
    ),
  epsilonDecay: fraction
    .default(0.25)
    .describe(
      'Share of training over which epsilon falls to finalEpsilon; 0 starts at finalEpsilon.',
    ),
  novelty: noveltySetting,
  maxGradNorm: positive.default(0.5).describe('Clip gradients to this global norm.'),
});

export type PqnSettings = z.infer<typeof pqnSettings>;
