import { expect, it } from 'vitest';
import { train } from '../../src/agent/train/train.ts';
import {
  Box,
  Dict,
  Discrete,
  type Env,
  MultiDiscrete,
  type ResetOptions,
  Sequence,
  type Space,
} from '../../src/envs/index.ts';
import { Rng } from '../../src/kernels/index.ts';
import { linksEnv } from '../support/graph-env.ts';
import { tempDir } from '../support/temp-dir.ts';
import { knownAnswerConfig } from '../support/tiny-config.ts';

/** One decision an episode, in three choices; `draw` gives an observation and the right one. */
function oneDecision(space: Space, draw: (rng: Rng) => { obs: unknown; answer: number }) {
  return (): Env => {
    let rng = Rng.seed(0);
    let next = draw(rng);
    return {
      observationSpace: space,
      actionSpace: new Discrete(3),
      reset({ seed }: ResetOptions = {}) {
        if (seed !== undefined) rng = Rng.seed(seed);
        next = draw(rng);
        return { obs: next.obs, info: {} };
      },
      step(action: number) {
        const reward = Number(action === next.answer);
        return { obs: next.obs, reward, terminated: true, truncated: false, info: {} };
      },
    };
  };
}

/** One to three things of three kinds, of which one is marked: of what kind is that? */
function marked(rng: Rng): { things: { kind: number; mark: number }[]; answer: number } {
  const count = 1 + rng.int(3);
  const chosen = rng.int(count);
  const things = Array.from({ length: count }, (_, i) => ({
    kind: rng.int(3),
    mark: Number(i === chosen),
  }));
  return { things, answer: things[chosen].kind };
}

const parts = new Dict({ kind: new Discrete(3), mark: new Discrete(2) });

const tasks: [string, () => Env][] = [
  [
    'the marked one of a Sequence read as a set',
    oneDecision(new Sequence(parts, { maxLength: 3, as: 'set' }) as Space, (rng) => {
      const { things, answer } = marked(rng);
      return { obs: things, answer };
    }),
  ],
  [
    'the marked row of a padded Box read as a set',
    oneDecision(new Box({ shape: [3, 4], low: 0, high: 1, as: 'set' }), (rng) => {
      const { things, answer } = marked(rng);
      const obs = new Float32Array(12);
      things.forEach(({ kind, mark }, i) => {
        obs[4 * i + kind] = 1;
        obs[4 * i + 3] = mark;
      });
      return { obs, answer };
    }),
  ],
  [
    'the row of a grid of choices in which something lies',
    oneDecision(new MultiDiscrete(new Array(9).fill(2), { shape: [3, 3] }), (rng) => {
      const cell = rng.int(9);
      return {
        obs: Int32Array.from({ length: 9 }, (_, i) => +(i === cell)),
        answer: Math.floor(cell / 3),
      };
    }),
  ],
];

it('two ponder steps learn of which kind the node is to which an edge of a Graph leads', async () => {
  const known = knownAnswerConfig(16_000, { halting: { rule: 'fixed', maxSteps: 2 } });
  const rates = { learningRate: 5e-3, finalLearningRate: 5e-4, entropy: 0.01 };
  const config = {
    ...known,
    policy: { ...known.policy, width: 32, heads: 4, feedForward: 32 },
    ppo: { ...known.ppo, ...rates },
  };
  const env = () => linksEnv({ most: 3, traps: false }) as Env;
  const { evaluation } = await train(config, { runDir: tempDir(), env });
  expect(evaluation!.return.mean).toBeGreaterThan(0.95);
});

it.each(tasks)('one ponder step learns %s', async (_, env) => {
  const config = knownAnswerConfig(6000, { halting: { rule: 'fixed', maxSteps: 1 } });
  const { evaluation } = await train(config, { runDir: tempDir(), env });
  expect(evaluation!.return.mean).toBeGreaterThan(0.95);
});
