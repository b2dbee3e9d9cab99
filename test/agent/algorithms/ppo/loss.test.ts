import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, it } from 'vitest';
import { lossByRows } from '../../../../src/agent/algorithms/ppo/loss-by-rows.ts';
import { lossByTensors } from '../../../../src/agent/algorithms/ppo/loss-by-tensors.ts';
import { STATS } from '../../../../src/agent/algorithms/ppo/loss-report.ts';
import type { Minibatch } from '../../../../src/agent/algorithms/ppo/minibatch.ts';
import { parseConfig } from '../../../../src/agent/index.ts';
import {
  Box,
  Discrete,
  MultiBinary,
  MultiDiscrete,
  type Space,
} from '../../../../src/envs/index.ts';
import { loadBackend, Rng } from '../../../../src/kernels/index.ts';
import { choiceTerms } from '../../../../src/policy/halting/bernoulli/terms.ts';
import { type Distribution, distributionFor } from '../../../../src/policy/index.ts';
import { backends } from '../../../support/backends.ts';

beforeAll(() => loadBackend(backends('cpu')[0]));

const spaces: [string, Space][] = [
  ['Discrete', new Discrete(3)],
  ['Discrete from 4', new Discrete(2, 4)],
  ['MultiDiscrete', new MultiDiscrete([2, 3], { start: [0, 1] })],
  ['MultiBinary', new MultiBinary([3])],
  ['Box', new Box({ shape: [2], low: -1, high: Infinity })],
];

/** A minibatch whose ratios lie on both sides of the clip, with outputs of as many rows. */
function draw(distribution: Distribution, reach: number[], masked: boolean, floor: number) {
  const rng = Rng.seed(5, 'loss');
  const [B, M] = [reach[0], reach.reduce((a, b) => a + b, 0)];
  const { outputs, free, actionSize, maskSize } = distribution;
  const width = outputs + free.count + 2;
  const numbers = (n: number, value: () => number) => Float32Array.from({ length: n }, value);
  const data = numbers(M * width, () => rng.normal());
  const actions = new Float32Array(B * actionSize);
  const masks = masked
    ? new Float32Array(B * maskSize).map((_, i) => ((i + 1) % maskSize ? 1 : rng.int(2)))
    : undefined;
  const oldLogProb = new Float32Array(B);
  let m = 0;
  const think: number[] = [];
  reach.forEach((count, k) => {
    for (let i = 0; i < count; i++, m++) {
      think.push(i < (reach[k + 1] ?? 0) ? 1 : 0);
      if (think[m]) continue;
      const row = data.subarray(m * width, (m + 1) * width - 2);
      const mask = masks?.subarray(i * maskSize, (i + 1) * maskSize);
      const action = actions.subarray(i * actionSize, (i + 1) * actionSize);
      oldLogProb[i] = distribution.sample(row, mask, rng, action) + 0.3 * rng.normal();
    }
  });
  const batch: Minibatch = {
    decisions: B,
    reach,
    seen: new Float32Array(B),
    actions,
    masks,
    oldLogProb,
    advantage: numbers(B, () => rng.normal()),
    acts: 'last',
    halting: choiceTerms(
      {
        think: Float32Array.from(think),
        mask: numbers(M, () => rng.int(2)),
        oldLogHalt: numbers(M, () => -Math.abs(rng.normal())),
        advantage: numbers(M, () => rng.normal()),
      },
      floor,
    ),
    valueWeight: numbers(M, () => rng.int(2)),
    target: numbers(M, () => rng.normal()),
  };
  return { batch, outputs: tf.tensor2d(data, [M, width]) };
}

const config = parseConfig({
  name: 'x',
  env: { id: 'CartPole-v1' },
  ppo: { haltEntropy: 0.03, valueWeight: 0.7 },
  train: { totalSteps: 1 },
});

const cases = spaces.flatMap(([name, space]) =>
  [false, true]
    .filter((masked) => !masked || distributionFor(space).maskSize > 0)
    .flatMap((masked) => [true, false].map((released) => ({ name, space, masked, released }))),
);

describe('the loss by rows is the loss by tensors, with its gradient', () => {
  it.each(cases)('$name, masked $masked, released $released', ({ space, masked, released }) => {
    const distribution = distributionFor(space);
    const phase = {
      released,
      price: 0,
      rewardScale: 1,
      returnDeviation: 0,
      noveltyFactor: 0,
      learningRate: 0,
      entropy: 0.02,
    };
    for (const [reach, floor] of [
      [[9, 9, 4, 1], 0.02],
      [[40], 0],
      [[1, 1], 0.1],
    ] as const) {
      const { batch, outputs } = draw(distribution, [...reach], masked, floor);
      const [rows, tensors] = [lossByRows, lossByTensors].map((judge) => {
        let report!: tf.Tensor;
        const { value, grad } = tf.valueAndGrad((x) => {
          const judged = judge(distribution, x as tf.Tensor2D, batch, config, phase);
          report = tf.keep(judged.report);
          return judged.loss;
        })(outputs);
        return { value: [value.dataSync()[0]], grad: grad.dataSync(), report: report.dataSync() };
      });
      for (const part of ['value', 'grad', 'report'] as const) {
        rows[part].forEach((x, i) => {
          const what = part === 'report' ? STATS[i] : `${part} ${i}`;
          expect(Math.abs(x - tensors[part][i]), what).toBeLessThan(2e-5);
        });
      }
    }
  });
});
