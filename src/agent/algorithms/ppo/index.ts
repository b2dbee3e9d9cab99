import { haltingRules } from '../../../policy/index.ts';
import type { AlgorithmDefinition } from '../algorithm.ts';
import { trainedBehavior } from '../behavior.ts';
import { largestPart } from '../largest-part.ts';
import { noveltyMeaning } from '../novelty-setting.ts';
import { entropyWeight } from './entropy.ts';
import { klBound } from './kl-bound.ts';
import { Learner } from './learner.ts';
import { scheduleAt } from './schedule.ts';
import { ppoSettings } from './settings.ts';
import { adaptsSteps } from './step-scale.ts';

/** PPO (1707.06347) over micro-steps; `Learner` explains it. */
export const ppo: AlgorithmDefinition<'ppo', typeof ppoSettings> = {
  name: 'ppo',
  summary: 'clipped policy gradients, with the choice to think on or to act as a second action',
  settings: ppoSettings,
  get halting() {
    return haltingRules.all.filter(({ byValues }) => !byValues).map(({ name }) => name);
  },
  statistics: {
    learningRate:
      'Adam’s step size in this update: that of the schedule, or less with adaptiveSteps',
    epochs: 'passes over the rollout that the update made before targetKl ended it',
    policyLoss: 'clipped surrogate loss of the actions, per decision; mean over minibatches',
    haltLoss: 'clipped surrogate loss of the halting choices, per decision; mean over minibatches',
    valueLoss: 'squared error of the values, summed over ponder steps, per decision',
    entropy: 'entropy of the action distribution, in nats per decision',
    haltEntropy: 'entropy of the halting choices, in nats per decision',
    kl: 'how far the update moved the actions: KL in nats, estimated by the mean of (ratio − 1) − ln ratio',
    haltKl: 'how far the update moved the halting choices: KL in nats, estimated as kl is',
    clipFraction: 'share of actions whose probability ratio is outside 1 ± clip',
    magnetKl:
      'KL(policy ‖ magnet) of the actions, in nats per decision; mean over minibatches, null without ppo.magnet',
    explainedVariance:
      '1 − var(target − value) / var(target) before the update, over the ponder steps of decisions whose depth was not forced',
    depthGap:
      'extra return of decisions forced deeper than the mean depth over decisions of the head’s own depth, without the price of thinking, in standard deviations; null if no decision was forced deeper. Above 0.1, the head stops too early',
    stepGain:
      'largest mean gain per ponder step from the least forced depth to another, in units of the raw reward; null unless two depths were forced. A steered price stays below it',
    gradNorm: 'global norm of the gradient before clipping',
    firstRatioError:
      'largest deviation of a ratio from 1 in the first minibatch; more than rounding error is a bug',
    novelty: noveltyMeaning,
  },
  choose: ({ entropy, adaptiveSteps }, { actionSpace }) => ({
    entropy: (entropy as number | undefined) ?? entropyWeight(actionSpace),
    adaptiveSteps: (adaptiveSteps as boolean | undefined) ?? adaptsSteps(actionSpace),
  }),
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
      behavior: (stage) => trainedBehavior(config, stage),
      update: async (trajectory, { progress, horizon, ...update }) => {
        const { targetKl = klBound(horizon) } = settings;
        const phase = { ...update, ...scheduleAt(settings, progress) };
        return await learner.update(trajectory, phase, targetKl);
      },
      state: () => learner.state(),
      restore: (state) => learner.restore(state),
      dispose: () => learner.dispose(),
    };
  },
};
