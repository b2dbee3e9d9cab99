import type { AlgorithmDefinition } from '../algorithm.ts';
import { trainedBehavior } from '../behavior.ts';
import { largestPart } from '../largest-part.ts';
import { Learner } from './learner.ts';
import { scheduleAt } from './schedule.ts';
import { likelihoodSettings } from './settings.ts';

/** Maximum likelihood of demonstrated actions: behavior cloning, and next-token training; `Learner` explains it. */
export const likelihood: AlgorithmDefinition<'likelihood', typeof likelihoodSettings> = {
  name: 'likelihood',
  summary:
    'the likelihood of the actions that the environment demonstrates (info.demonstration), such as the next token of a text',
  settings: likelihoodSettings,
  demonstrated: { price: 0.01 },
  halting: ['ponder', 'fixed'],
  statistics: {
    learningRate: 'Adam’s step size in this update',
    nats: '−ln π(demonstration) of a decision, at the depths that learning weighs; mean over minibatches',
    deepestNats: '−ln π(demonstration) of a decision after the most ponder steps',
    gradNorm: 'global norm of the gradient before clipping',
  },
  schedule: scheduleAt,
  largestStep: largestPart,
  dryRun: (settings, decisions) => ({
    ...settings,
    ...{ minibatch: decisions, epochs: 1, learningRate: 0, finalLearningRate: 0 },
  }),
  create({ policy, config, settings, rng }) {
    const learner = new Learner(policy, { ...config, likelihood: settings }, rng);
    return {
      behavior: (stage) => trainedBehavior(config, stage),
      update: (trajectory, phase) => learner.update(trajectory, phase),
      state: () => learner.state(),
      restore: (state) => learner.restore(state),
      dispose: () => learner.dispose(),
    };
  },
};
