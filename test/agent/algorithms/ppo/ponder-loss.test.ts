import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, it } from 'vitest';
import { lossByRows } from '../../../../src/agent/algorithms/ppo/loss-by-rows.ts';
import { lossByTensors } from '../../../../src/agent/algorithms/ppo/loss-by-tensors.ts';
import { STATS } from '../../../../src/agent/algorithms/ppo/loss-report.ts';
import type { Minibatch } from '../../../../src/agent/algorithms/ppo/minibatch.ts';
import { parseConfig } from '../../../../src/agent/index.ts';
import { Box, Discrete, MultiDiscrete, type Space } from '../../../../src/envs/index.ts';
import { loadBackend, Rng } from '../../../../src/kernels/index.ts';
import { ponderHalting } from '../../../../src/policy/halting/ponder/ponder.ts';
import { type Distribution, distributionFor } from '../../../../src/policy/index.ts';
import { backends } from '../../../support/backends.ts';

beforeAll(() => loadBackend(backends('cpu')[0]));

const spaces: [string, Space, boolean][] = [
  ['Discrete', new Discrete(3), false],
  ['masked MultiDiscrete', new MultiDiscrete([2, 3]), true],
  ['Box', new Box({ shape: [2], low: -1, high: 1 }), false],
];

interface Case {
  minSteps?: number;
  maxSteps?: number;
  floor?: number;
  released?: boolean;
  forced?: number;
  prior?: 'geometric' | 'uniform';
  priorWeight?: number;
  price?: number;
}

const cases: [string, Case][] = [
  ['a price', { price: 0.3 }],
  ['no floor', { floor: 0, price: 0.1 }],
  ['forced depths and minSteps', { minSteps: 2, maxSteps: 4, forced: 0.3, price: 0.2 }],
  ['a geometric prior', { priorWeight: 0.4, forced: 0.1 }],
  ['a uniform prior', { prior: 'uniform', priorWeight: 0.4, price: 0.1 }],
  ['one depth alone', { minSteps: 3, maxSteps: 3, price: 0.2, priorWeight: 0.2 }],
  ['before release', { released: false, forced: 0.3, price: 0.2 }],
];

const config = parseConfig({
  name: 'x',
  env: { id: 'CartPole-v1' },
  ppo: { haltEntropy: 0.03, valueWeight: 0.7 },
  train: { totalSteps: 1 },
});

/** A minibatch of `ponder` whose ratios lie on both sides of the clip, with outputs of as many rows. */
function draw(distribution: Distribution, masked: boolean, one: Case, B = 12) {
  const rng = Rng.seed(7, 'ponder');
  const { minSteps = 1, maxSteps: K = 3, floor = 0.02, price = 0 } = one;
  const { released = true, forced = 0, prior = 'geometric', priorWeight = 0 } = one;
  const { outputs, free, actionSize, maskSize } = distribution;
  const width = outputs + free.count + 2;
  const numbers = (n: number, value: () => number) => Float32Array.from({ length: n }, value);
  const data = numbers(K * B * width, () => rng.normal());
  const masks = masked
    ? new Float32Array(B * maskSize).map((_, i) => ((i + 1) % maskSize ? 1 : rng.int(2)))
    : undefined;
  const actions = new Float32Array(B * actionSize);
  const logProbs = new Float64Array(B * K);
  for (let i = 0; i < B; i++) {
    const mask = masks?.subarray(i * maskSize, (i + 1) * maskSize);
    const action = actions.subarray(i * actionSize, (i + 1) * actionSize);
    distribution.sample(data.subarray(i * width, (i + 1) * width - 2), mask, rng, action);
    for (let k = 0; k < K; k++) {
      const row = (k * B + i) * width;
      const { logProb } = distribution.score(data.subarray(row, row + width - 2), mask, action);
      logProbs[i * K + k] = logProb + 0.2 * rng.normal();
    }
  }
  const loss = ponderHalting.loss!({
    ...{ minSteps, maxSteps: K, floor, prior, priorHalt: 0.4, priorWeight },
  });
  if (loss.depth !== 'expected') throw new Error('ponder expects over depths');
  const logits = numbers(B * K, () => rng.normal());
  const thoughts = { released, forced, count: B, depths: K, logits, logProbs };
  const layout = { sorted: Int32Array.from({ length: B }, (_, i) => i), reach: Array(K).fill(B) };
  const { logProb, reached } = loss.expect(thoughts);
  const batch: Minibatch = {
    ...{ decisions: B, reach: layout.reach, seen: new Float32Array(B), actions, masks },
    oldLogProb: Float32Array.from(logProb),
    advantage: numbers(B, () => rng.normal()),
    valueWeight: Float32Array.from({ length: K * B }, (_, m) => reached[(m % B) * K]),
    target: numbers(K * B, () => rng.normal()),
    acts: 'all',
    halting: loss.gather(thoughts, layout, price),
  };
  const phase = {
    released,
    price: 0,
    rewardScale: 1,
    returnDeviation: 0,
    noveltyFactor: 0,
    learningRate: 0,
    entropy: 0.02,
  };
  return { batch, phase, data, width, outputs: tf.tensor2d(data, [K * B, width]) };
}

describe('ponder: the loss by rows is the loss by tensors, with its gradient', () => {
  it.each(
    spaces.flatMap(([name, space, masked]) =>
      cases.map(([what, one]) => ({ name, space, masked, what, one })),
    ),
  )('$name, $what', ({ space, masked, one }) => {
    const distribution = distributionFor(space);
    const { batch, phase, outputs } = draw(distribution, masked, one);
    const [rows, tensors] = [lossByRows, lossByTensors].map((judge) => {
      let report!: tf.Tensor;
      const { value, grad } = tf.valueAndGrad((x) => {
        const judged = judge(distribution, x as tf.Tensor2D, batch, config, phase);
        report = tf.keep(judged.report);
        return judged.loss;
      })(outputs);
      return { value: [value.dataSync()[0]], grad: grad.dataSync(), report: report.dataSync() };
    });
    const names = [...STATS, ...Object.keys(ponderHalting.statistics)];
    expect(rows.report.length).toBe(names.length);
    for (const part of ['value', 'grad', 'report'] as const) {
      rows[part].forEach((x, i) => {
        const what = part === 'report' ? names[i] : `${part} ${i}`;
        expect(Math.abs(x - tensors[part][i]), what).toBeLessThan(3e-5);
      });
    }
  });
});

describe('ponder: the gradient is the slope of the loss', () => {
  it.each(cases)('%s', (_, one) => {
    const distribution = distributionFor(new Discrete(3));
    // A clip has a corner, so there is none.
    const unclipped = { ...config, ppo: { ...config.ppo, clip: 1e6 } };
    const { batch, phase, data, outputs } = draw(distribution, false, one, 4);
    const lossOf = (x: tf.Tensor) =>
      lossByRows(distribution, x as tf.Tensor2D, batch, unclipped, phase).loss;
    const gradient = tf.grad(lossOf)(outputs).dataSync();
    const by = 1e-2;
    data.forEach((_, i) => {
      const [up, down] = [by, -by].map((change) => {
        const moved = data.slice();
        moved[i] += change;
        return tf.tidy(() => lossOf(tf.tensor2d(moved, outputs.shape)).dataSync()[0]);
      });
      expect(Math.abs(gradient[i] - (up - down) / (2 * by)), `entry ${i}`).toBeLessThan(2e-4);
    });
  });
});

describe('ponder: what it follows', () => {
  it('is the gradient of the expected reward less the price of the expected steps', () => {
    const distribution = distributionFor(new Discrete(2));
    const { batch, phase, data, width } = draw(distribution, false, { forced: 0.2 }, 1);
    const reward = [0.3, -0.8];
    const price = 0.15;
    const [K, forced, floor] = [3, 0.2, 0.02];
    const halting = { minSteps: 1, maxSteps: K, floor, prior: 'uniform', priorHalt: 0.5 } as const;
    const loss = ponderHalting.loss!({ ...halting, priorWeight: 0 });
    if (loss.depth !== 'expected') throw new Error('ponder expects over depths');
    /** π(0) and E[n − 1] of the mixture, written out. */
    const actedBy = (data: Float32Array) => {
      let [left, first, steps] = [1, 0, 0];
      for (let k = 0; k < K; k++) {
        const [a, b, , logit] = data.subarray(k * width, (k + 1) * width);
        const halt = k === K - 1 ? 1 : floor + (1 - 2 * floor) / (1 + Math.exp(-logit));
        const q = (1 - forced) * left * halt + forced / K;
        left *= 1 - halt;
        first += q / (1 + Math.exp(b - a));
        steps += q * k;
      }
      return { first, steps };
    };
    const worth = (data: Float32Array) => {
      const { first, steps } = actedBy(data);
      return first * reward[0] + (1 - first) * reward[1] - price * steps;
    };
    const { first } = actedBy(data);
    const plain = { ...config, ppo: { ...config.ppo, valueWeight: 0, haltEntropy: 0 } };
    const gradients = [0, 1].map((action) => {
      const actions = Float32Array.of(action);
      const pi = action === 0 ? first : 1 - first;
      const logits = Float32Array.from({ length: K }, (_, k) => data[k * width + 3]);
      const logProbs = new Float64Array(K);
      const thoughts = { released: true, forced, count: 1, depths: K, logits, logProbs };
      const layout = { sorted: Int32Array.of(0), reach: [1, 1, 1] };
      const one: Minibatch = {
        ...{ ...batch, actions, oldLogProb: Float32Array.of(Math.log(pi)) },
        advantage: Float32Array.of(reward[action]),
        halting: loss.gather(thoughts, layout, price),
      };
      return tf
        .grad(
          (x) =>
            lossByRows(distribution, x as tf.Tensor2D, one, plain, { ...phase, entropy: 0 }).loss,
        )(tf.tensor2d(data, [K, width]))
        .dataSync();
    });
    const by = 1e-3;
    data.forEach((_, i) => {
      const [up, down] = [by, -by].map((change) => {
        const moved = Float32Array.from(data);
        moved[i] += change;
        return worth(moved);
      });
      const followed = first * gradients[0][i] + (1 - first) * gradients[1][i];
      expect(Math.abs(followed + (up - down) / (2 * by)), `entry ${i}`).toBeLessThan(1e-4);
    });
  });
});
