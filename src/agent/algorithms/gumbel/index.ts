import type { AnySpace } from '../../../envs/index.ts';
import type { AlgorithmDefinition } from '../algorithm.ts';
import { fixedBehavior, fixedDepth } from '../behavior.ts';
import { largestPart } from '../largest-part.ts';
import { Learner } from './learner.ts';
import { gumbelSettings, scheduleAt } from './settings.ts';

/** Gumbel AlphaZero; `Learner` explains it. */
export const gumbel: AlgorithmDefinition<'gumbel', typeof gumbelSettings> = {
  name: 'gumbel',
  summary: 'imitates a search before each decision (Gumbel AlphaZero)',
  settings: gumbelSettings,
  halting: ['fixed'],
  statistics: {
    learningRate: 'Adam’s step size in this update',
    policyLoss:
      'KL in nats from the policy to the one that the search improved to, after the last ponder step; mean over minibatches',
    valueLoss: 'squared error of the value after the last ponder step; mean over minibatches',
    gradNorm: 'global norm of the gradient before clipping',
  },
  explain: ({ actionSpace }) => {
    const { type } = actionSpace as AnySpace;
    if (type === 'discrete') return undefined;
    return {
      found: `actionSpace: expected Discrete, since a search tries one action after another, got a space of type ${type}`,
      fix: 'set algorithm: ppo, or turn the actions into choices of a Discrete space',
    };
  },
  decider: ({ simulations, considered }) => ({ name: 'search', simulations, considered }),
  schedule: scheduleAt,
  largestStep: largestPart,
  dryRun: (settings, decisions) => ({
    ...settings,
    ...{ minibatch: decisions, epochs: 1, learningRate: 0, finalLearningRate: 0 },
  }),
  create({ policy, config: { halting }, settings, rng }) {
    const depth = fixedDepth(halting);
    const learner = new Learner(policy, settings, depth, rng);
    return {
      behavior: () => fixedBehavior(depth, halting),
      update: (trajectory, { progress, ...factors }) =>
        learner.update(trajectory, factors, scheduleAt(settings, progress).learningRate),
      state: () => learner.state(),
      restore: (state) => learner.restore(state),
      dispose: () => learner.dispose(),
    };
  },
};
