import { z } from 'zod';
import { count, fraction, positive } from '../../common/config-numbers.ts';
import { between } from '../between.ts';

/** The section `gumbel` of a config. */
export const gumbelSettings = z.strictObject({
  simulations: count
    .max(100_000)
    .default(16)
    .describe('Simulations of the search before each decision of a rollout.'),
  considered: count
    .max(1024)
    .default(16)
    .describe('The most actions that a search compares, drawn by how likely they are.'),
  model: z
    .enum(['simulator', 'learned'])
    .default('simulator')
    .describe(
      'What tells a search where actions lead. simulator: the environment or game itself (Gumbel AlphaZero); learned: a model that the policy learns beside, so that no environment is asked (Gumbel MuZero).',
    ),
  seats: z
    .enum(['own', 'every'])
    .default('own')
    .describe(
      'Seats of a game of two players that rollouts play. own: that of the environment, against its opponents; every: both in turn, so that the policy plays against itself. Evaluations play the own one.',
    ),
  decisions: count
    .default(512)
    .describe('Decisions that a rollout collects before each update (T).'),
  replay: count
    .default(8192)
    .describe(
      'Latest decisions that are kept, from which minibatches are drawn; the latest rollout always is whole. Checkpoints have them.',
    ),
  minibatch: count.default(128).describe('Decisions in each gradient step (B).'),
  epochs: count
    .default(4)
    .describe(
      'Decisions that an update learns from, as a multiple of those of the rollout; they are drawn from the replay.',
    ),
  learningRate: positive.default(2e-3).describe('Adam’s step size when training starts.'),
  finalLearningRate: z
    .number()
    .min(0)
    .default(0)
    .describe('Adam’s step size when training ends; linear in between.'),
  gamma: fraction.default(0.99).describe('Discount factor per decision.'),
  lambda: fraction.default(0.95).describe('λ of the returns that values learn.'),
  valueWeight: z
    .number()
    .min(0)
    .default(0.5)
    .describe('Weight of the value loss beside the policy loss.'),
  unroll: count
    .max(100)
    .default(5)
    .describe('Actions in a row that a learned model imagines as it learns (K).'),
  consistencyWeight: z
    .number()
    .min(0)
    .default(1)
    .describe(
      'Weight of the distance between the states that a learned model imagines and those of the observations that came.',
    ),
  maxGradNorm: positive.default(0.5).describe('Clip gradients to this global norm.'),
});

export type GumbelSettings = z.infer<typeof gumbelSettings>;

/** Adam's step size once a share `progress` of training is done. */
export function scheduleAt(
  { learningRate, finalLearningRate }: GumbelSettings,
  progress: number,
): { learningRate: number } {
  return { learningRate: between(learningRate, finalLearningRate, progress) };
}
