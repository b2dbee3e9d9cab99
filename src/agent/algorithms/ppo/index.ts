import { haltingRules } from '../../../policy/index.ts';
import type { AlgorithmDefinition } from '../algorithm.ts';
import { trainedBehaviour } from '../behaviour.ts';
import { largestPart } from '../largest-part.ts';
import { Learner } from './learner.ts';
import { scheduleAt } from './schedule.ts';
import { ppoSettings } from './settings.ts';

/** PPO (1707.06347) over micro-steps, as `Learner` has it. */
export const ppo: AlgorithmDefinition<'ppo', typeof ppoSettings> = {
  name: 'ppo',
  summary: 'clipped policy gradients on whole rollouts, in which thinking is acting',
  settings: ppoSettings,
  get halting() {
    return haltingRules.all.filter(({ byValues }) => !byValues).map(({ name }) => name);
  },
  statistics: {
    learningRate: 'Adam’s step size in the update',
    policyLoss: 'clipped surrogate of the actions per decision, mean over the update’s minibatches',
    haltLoss: 'the same of the halting choices',
    valueLoss: 'squared error of the values, summed over micro-steps, per decision',
    entropy: 'of the action distribution, in nats per decision',
    haltEntropy: 'of the halting choices, in nats per decision',
    kl: 'mean of (ratio − 1) − ln ratio over actions, in nats: how far they moved',
    haltKl: 'the same over halting choices',
    clipFraction: 'share of action ratios outside 1 ± clip',
    explainedVariance:
      '1 − var(target − value) / var(target) before the update, over unforced micro-steps',
    depthGap:
      'how much more decisions earn that are forced deeper than the mean than those of the head’s own depth, thinking not charged, in units of the deviation of returns about their value; null where none is forced so. Above 0.1 the head stops too early',
    stepGain:
      'the most that a ponder step brings in the mean, from the least to any forced depth, in units of the raw reward; null where no two depths are forced. A steered price stays below it',
    gradNorm: 'global norm of the gradient before clipping',
    firstRatioError:
      'largest deviation of a ratio from 1 in the first minibatch: rounding, or a bug',
  },
  schedule: scheduleAt,
  largestStep: largestPart,
  dryRun: (settings, decisions) => ({
    ...settings,
    ...{ minibatch: decisions, epochs: 1 },
    ...{ learningRate: 0, finalLearningRate: 0, entropy: 0, finalEntropy: 0 },
  }),
  create({ policy, config, settings, rng }) {
    const learner = new Learner(policy, { ...config, ppo: settings }, rng);
    return {
      behaviour: (stage) => trainedBehaviour(config, stage),
      update: async (trajectory, { progress, ...update }) => {
        const schedule = scheduleAt(settings, progress);
        const stats = await learner.update(trajectory, { ...update, ...schedule });
        return { learningRate: schedule.learningRate, ...stats };
      },
      state: () => learner.state(),
      restore: (state) => learner.restore(state),
      dispose: () => learner.dispose(),
    };
  },
};
