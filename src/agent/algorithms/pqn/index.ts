import type { AnySpace } from '../../../envs/index.ts';
import { actionValues, haltingRules, learnsToHalt, trainingRule } from '../../../policy/index.ts';
import type { DecisionOptions } from '../../../rollout/index.ts';
import type { AlgorithmDefinition, LearningConfig, Stage } from '../algorithm.ts';
import { fixedBehavior, fixedDepth } from '../behavior.ts';
import { largestPart } from '../largest-part.ts';
import { noveltyMeaning } from '../novelty-setting.ts';
import { Learner, type ValuePolicy } from './learner.ts';
import { scheduleAt } from './schedule.ts';
import { pqnSettings } from './settings.ts';

/** PQN (2407.04811) over micro-steps; `Learner` explains it. */
export const pqn: AlgorithmDefinition<'pqn', typeof pqnSettings> = {
  name: 'pqn',
  summary:
    'values of the actions and of thinking on, learned by Q(λ) without replay or target network',
  settings: pqnSettings,
  get halting() {
    const learned = haltingRules.all.filter(({ byValues }) => byValues);
    return [...learned.map(({ name }) => name), 'fixed'];
  },
  statistics: {
    learningRate: 'Adam’s step size in this update',
    epsilon: 'share of actions drawn uniformly at random in the rollout',
    valueLoss: 'half the squared error of Q_act, per decision; mean over minibatches',
    thinkLoss:
      'half the squared error of Q_think, summed over ponder steps, per decision; mean over minibatches',
    actValue: 'Q_act of the actions taken, in units of the raw reward; mean over minibatches',
    explainedVariance:
      '1 − var(target − value) / var(target) before the update, over the last ponder step of each decision',
    gradNorm: 'global norm of the gradient before clipping',
    novelty: noveltyMeaning,
  },
  distribution: (actionSpace, { finalEpsilon }) => {
    const space = actionSpace as AnySpace;
    if (space.type === 'discrete' || space.type === 'multi-discrete') {
      return actionValues(space, finalEpsilon);
    }
    throw new TypeError(
      `pqn: actionSpace: expected Discrete or MultiDiscrete, got a space of type ${space.type}`,
    );
  },
  explain: ({ actionSpace }) => {
    const { type } = actionSpace as AnySpace;
    if (type === 'discrete' || type === 'multi-discrete') return undefined;
    return {
      found: `actionSpace: expected Discrete or MultiDiscrete, since pqn learns a value for each choice, got a space of type ${type}`,
      fix: 'set algorithm: ppo, or turn the actions into choices of a Discrete or MultiDiscrete space',
    };
  },
  schedule: scheduleAt,
  largestStep: largestPart,
  dryRun: (settings, decisions) => ({
    ...settings,
    ...{ minibatch: decisions, epochs: 1, learningRate: 0, finalLearningRate: 0 },
  }),
  create({ policy: made, config, settings, rng }) {
    const policy = made as ValuePolicy;
    const learner = new Learner(policy, settings, rng);
    return {
      behavior(stage) {
        policy.distribution.epsilon = scheduleAt(settings, stage.progress).epsilon;
        return behaviorOf(config, stage);
      },
      async update(trajectory, { price, rewardScale, noveltyFactor, released, progress }) {
        const { learningRate, epsilon } = scheduleAt(settings, progress);
        const { minSteps, maxSteps } = behaviorOf(config, { released, forced: 0 });
        const first = { act: minSteps <= 1, think: maxSteps > 1 };
        const phase = {
          price,
          rewardScale,
          noveltyFactor,
          learningRate,
          minSteps: config.halting.minSteps,
          first,
        };
        return { learningRate, epsilon, ...(await learner.update(trajectory, phase)) };
      },
      state: () => learner.state(),
      restore: (state) => learner.restore(state),
      dispose: () => learner.dispose(),
    };
  },
};

/**
 * The behavior of rollouts: after the release the values decide when a thought ends, before it every thought has full
 * depth. With a fixed depth the value of a state is the one at that depth: values of acting earlier are not learned.
 */
function behaviorOf(
  { halting }: Pick<LearningConfig, 'halting'>,
  { released, forced }: Pick<Stage, 'released' | 'forced'>,
): DecisionOptions {
  const { minSteps, maxSteps, floor } = halting;
  const learns = learnsToHalt(halting);
  if (learns && released) {
    return { rule: trainingRule(halting), minSteps, maxSteps, forced, floor, greedy: false };
  }
  return fixedBehavior(learns ? maxSteps : fixedDepth(halting), halting);
}
