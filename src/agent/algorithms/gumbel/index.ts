import { gameIds, makeGame } from '../../../envs/builtin/index.ts';
import type { AnySpace } from '../../../envs/index.ts';
import type { AlgorithmDefinition, LearningConfig } from '../algorithm.ts';
import { fixedBehavior, fixedDepth } from '../behavior.ts';
import { largestPart } from '../largest-part.ts';
import { Learner } from './learner.ts';
import { gumbelSettings, scheduleAt } from './settings.ts';

/** The meanings of a model's errors, after the first action that it imagines and after the last. */
const modelStatistics = Object.fromEntries(
  [
    ['First', 'the first action that the model imagines'],
    ['Last', 'the last one (gumbel.unroll)'],
  ].flatMap(([at, when]) => {
    const meaning = (what: string) => `${what} after ${when}, null without gumbel.model: learned`;
    return [
      [`rewardError${at}`, meaning('squared error of the reward, in the unit of learning,')],
      [
        `turnError${at}`,
        meaning(
          'squared error of whether the episode goes on (1), ends (0) or turns to the other player (−1)',
        ),
      ],
      [`valueError${at}`, meaning('squared error of the value')],
      [
        `stateError${at}`,
        meaning(
          '1 − cos between the state that is imagined and that of the observation that came,',
        ),
      ],
    ];
  }),
);

/** The ways to look at positions of a built-in game, where observations are as the game has them. */
function symmetriesOf({ id = '', frameStack = 1 }: LearningConfig['env'] = {}) {
  if (!gameIds().includes(id) || frameStack > 1) return [];
  return makeGame(id).symmetries ?? [];
}

/** Gumbel AlphaZero and Gumbel MuZero; `Learner` explains it. */
export const gumbel: AlgorithmDefinition<'gumbel', typeof gumbelSettings> = {
  name: 'gumbel',
  summary:
    'imitates a search before each decision (Gumbel AlphaZero), in the environment itself or in a model that it learns (Gumbel MuZero)',
  settings: gumbelSettings,
  halting: ['fixed'],
  statistics: {
    learningRate: 'Adam’s step size in this update',
    policyLoss:
      'KL in nats from the policy to the one that the search improved to, after the last ponder step; mean over minibatches',
    valueLoss: 'squared error of the value after the last ponder step; mean over minibatches',
    gradNorm: 'global norm of the gradient before clipping',
    ...modelStatistics,
  },
  explain: ({ actionSpace }) => {
    const { type } = actionSpace as AnySpace;
    if (type === 'discrete') return undefined;
    return {
      found: `actionSpace: expected Discrete, since a search tries one action after another, got a space of type ${type}`,
      fix: 'set algorithm: ppo, or turn the actions into choices of a Discrete space',
    };
  },
  decider: ({ simulations, considered, model }) => ({
    ...{ name: 'search', simulations, considered, model },
  }),
  learnsModel: ({ model }) => model === 'learned',
  everySeat: ({ seats }) => seats === 'every',
  schedule: scheduleAt,
  largestStep: largestPart,
  dryRun: (settings, decisions) => ({
    ...settings,
    ...{ minibatch: decisions, epochs: 1, learningRate: 0, finalLearningRate: 0 },
  }),
  create({ policy, config: { env, halting }, settings, rng }) {
    const depth = fixedDepth(halting);
    const learner = new Learner(policy, settings, depth, symmetriesOf(env), rng);
    return {
      behavior: () => ({ ...fixedBehavior(depth, halting), trust: learner.trust }),
      update: (trajectory, { progress, ...factors }) =>
        learner.update(trajectory, factors, scheduleAt(settings, progress).learningRate),
      state: () => learner.state(),
      restore: (state) => learner.restore(state),
      dispose: () => learner.dispose(),
    };
  },
};
