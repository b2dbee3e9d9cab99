import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, it } from 'vitest';
import { depthsOf } from '../../../src/agent/algorithms/layout.ts';
import { Box, Sequence, type Space } from '../../../src/envs/index.ts';
import { loadBackend, Rng } from '../../../src/kernels/index.ts';
import {
  EpisodeHistory,
  entriesNeeded,
  type Past,
  type Policy,
  type PolicyOptions,
  packPasts,
} from '../../../src/policy/index.ts';
import { expectEqual } from '../../support/cpu-and-simd.ts';
import { normal } from '../../support/numeric.ts';
import { smallPolicy, stir } from '../../support/small-policy.ts';

/** Depths of six decisions: the first three take a second ponder step. */
const REACH = [6, 3];

type Case = [string, Partial<PolicyOptions> & { memory: { length: number; prelude: number } }];
const cases: Case[] = [
  ['the core latent', { memory: { length: 2, prelude: 2 }, blocks: 2, registers: 1 }],
  ['the core full', { core: 'full', memory: { length: 3, prelude: 1 } }],
  [
    'tokens that are absent',
    {
      memory: { length: 3, prelude: 1 },
      observationSpace: new Sequence(new Box({ shape: [1], low: -1, high: 1 }), {
        maxLength: 3,
      }) as Space,
    },
  ],
];

/** A policy, and what the learner makes of decisions of two episodes and of single moments of a third. */
function thinking(options: Case[1]) {
  const policy = smallPolicy({ width: 4, heads: 2, feedForward: 6, ...options });
  stir(policy.parameters, 0.3, 7);
  const { sizes, features } = policy.entries!;
  const rng = Rng.seed(8, 'gradient');
  const space = options.observationSpace ?? (new Box({ shape: [2], low: -1, high: 1 }) as Space);
  const episode = (length: number) => {
    const history = new EpisodeHistory(entriesNeeded(sizes));
    return Array.from({ length }, (_, i): Past => {
      const [row, ...earlier] = Array.from({ length: i === 2 ? 3 : 1 }, () => {
        const row = new Float32Array(space.size);
        // An observation without any token attends to all of them alike, of which its gradient knows nothing.
        let obs = space.sample(rng);
        while ((obs as ArrayLike<unknown>).length === 0) obs = space.sample(rng);
        space.write(obs, row);
        return row;
      });
      const past = history.see(row, earlier);
      history.acted(Float32Array.of(rng.int(3)), rng.normal());
      return past;
    });
  };
  const [long, short, sparse] = [episode(4), episode(1), episode(6)];
  const pasts = [...long.slice(1), ...short, sparse[0], sparse[5]];
  rng.shuffle(pasts);
  const packed = packPasts(pasts, features, sizes);
  const heads = () => policy.outputs(policy.think(packed, REACH), depthsOf(REACH));
  return { policy, heads };
}

/** The gradient of Σ heads · dy by each weight. */
function gradientOf(policy: Policy, heads: () => tf.Tensor2D) {
  const variables = policy.parameters.list;
  return tf.tidy(() => {
    const { grads } = tf.variableGrads(
      () => {
        const y = heads();
        const { values, shape } = normal('dy', ...y.shape);
        return tf.sum(tf.mul(y, tf.tensor(values, shape))) as tf.Scalar;
      },
      variables.map(({ variable }) => variable),
    );
    return variables.map(({ name, variable }) => ({
      name,
      shape: variable.shape,
      values: grads[variable.name].dataSync<'float32'>().slice(),
    }));
  });
}

describe('the gradient of a policy with a memory', () => {
  describe('of its definition', () => {
    beforeAll(() => loadBackend('cpu'));

    it.each(cases)('is that of finite differences: %s', (_, options) => {
      const { policy, heads } = thinking(options);
      const objective = () =>
        tf.tidy(() => {
          const y = heads();
          const dy = normal('dy', ...y.shape).values;
          return y.dataSync<'float32'>().reduce((sum, value, i) => sum + value * dy[i], 0);
        });
      const gradient = gradientOf(policy, heads);
      for (const { name, shape, values } of gradient) {
        if (!/memory|encoder/.test(name)) continue;
        const { variable } = policy.parameters.list.find((one) => one.name === name)!;
        const before = variable.dataSync().slice();
        const norm = Math.hypot(...values);
        // Along the gradient, and as far in a direction that has nothing to do with it.
        const other = normal(name, ...shape).values;
        const far = Math.hypot(...other) || 1;
        const direction = values.map((value, i) => value / (norm || 1) + other[i] / far);
        const moved = (by: number) => {
          const data = before.map((value, i) => value + by * direction[i]);
          tf.tidy(() => variable.assign(tf.tensor(data, variable.shape)));
          return objective();
        };
        const expected = values.reduce((sum, value, i) => sum + value * direction[i], 0);
        // The least error of several steps: the largest may cross an edge of the feed-forward, the least are rounded.
        const errors = [1e-2, 1e-3, 2e-4].map((h) =>
          Math.abs((moved(h) - moved(-h)) / (2 * h) - expected),
        );
        expect(Math.min(...errors) / Math.max(1, norm), name).toBeLessThan(5e-3);
        tf.tidy(() => variable.assign(tf.tensor(before, variable.shape)));
        // None of them is left out.
        if (name.includes('memory')) expect(norm, name).toBeGreaterThan(1e-6);
      }
      const names = gradient.map(({ name }) => name);
      for (const part of options.memory.prelude > 0 ? ['block0.key', 'distance'] : ['distance']) {
        expect(
          names.some((name) => name.includes(part)),
          part,
        ).toBe(true);
      }
      policy.dispose();
    });
  });

  it('is the same of the kernels, on one thread and on two', async () => {
    await expectEqual(
      cases,
      async ([, options]) => {
        const { policy, heads } = thinking(options);
        const y = tf.tidy(heads);
        const value = { shape: y.shape, values: await y.data<'float32'>() };
        const gradient = gradientOf(policy, heads);
        y.dispose();
        policy.dispose();
        return [value, ...gradient.map(({ shape, values }) => ({ shape, values }))];
      },
      1e-3,
    );
  });
});
