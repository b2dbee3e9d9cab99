import { z } from 'zod';

const positive = z.number().positive();
const fraction = z.number().min(0).max(1);
const count = z.int().min(1);

/** The section `pqn` of a config. */
export const pqnSettings = z.strictObject({
  decisions: count.default(512).describe('Decisions a rollout collects before each update (T).'),
  minibatch: count.default(128).describe('Decisions a gradient step uses (B).'),
  epochs: count.default(4).describe('Passes over a rollout.'),
  learningRate: positive.default(2e-3).describe('Adam’s step size at the start.'),
  finalLearningRate: z
    .number()
    .min(0)
    .default(2e-4)
    .describe('Adam’s step size at the end; linear in between.'),
  gamma: fraction.default(0.99).describe('Discount per decision.'),
  lambda: fraction.default(0.95).describe('λ of the returns, from decision to decision.'),
  lambdaThink: fraction
    .default(0)
    .describe('λ of what thinking on is worth: 0 learns it from the next step’s values alone.'),
  thinkWeight: z
    .number()
    .min(0)
    .default(0.3)
    .describe('Weight of the loss of Q_think beside that of Q_act.'),
  epsilon: fraction.default(1).describe('Share of actions drawn uniformly at the start.'),
  finalEpsilon: fraction
    .default(0.05)
    .describe('The same once it has fallen, linearly, and from then on.'),
  epsilonDecay: fraction
    .default(0.25)
    .describe('Share of training over which it falls; 0 begins with finalEpsilon.'),
  maxGradNorm: positive.default(0.5).describe('Global norm that gradients are clipped to.'),
});

export type PqnSettings = z.infer<typeof pqnSettings>;
