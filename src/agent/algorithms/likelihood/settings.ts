import { z } from 'zod';
import { count, positive } from '../../common/config-numbers.ts';
import type { LearningConfig } from '../algorithm.ts';

/** The section `likelihood` of a config. */
export const likelihoodSettings = z.strictObject({
  decisions: count
    .default(2048)
    .describe('Demonstrated decisions that a rollout collects before each update (T).'),
  minibatch: count.default(512).describe('Decisions in each gradient step (B).'),
  epochs: count.default(1).describe('Passes over each rollout.'),
  learningRate: positive.default(2e-3).describe('Adam’s step size when training starts.'),
  finalLearningRate: z
    .number()
    .min(0)
    .default(1e-4)
    .describe('Adam’s step size when training ends; half a cosine in between.'),
  maxGradNorm: positive.default(1).describe('Clip gradients to this global norm.'),
});

export type LikelihoodSettings = z.infer<typeof likelihoodSettings>;

/** The part of a run's config that the algorithm reads. */
export interface LikelihoodConfig extends Pick<LearningConfig, 'halting' | 'recipe'> {
  likelihood: LikelihoodSettings;
}
