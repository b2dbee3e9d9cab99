import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, it } from 'vitest';
import { lossByRows } from '../../../../src/agent/algorithms/likelihood/loss-by-rows.ts';
import { lossByTensors } from '../../../../src/agent/algorithms/likelihood/loss-by-tensors.ts';
import type { Minibatch } from '../../../../src/agent/algorithms/likelihood/minibatch.ts';
import type { LikelihoodConfig } from '../../../../src/agent/algorithms/likelihood/settings.ts';
import {
  type CostStage,
  ThoughtCost,
} from '../../../../src/agent/algorithms/likelihood/thought-cost.ts';
import {
  type AnySpace,
  Box,
  Discrete,
  MultiBinary,
  MultiDiscrete,
} from '../../../../src/envs/index.ts';
import { loadBackend, Rng } from '../../../../src/kernels/index.ts';
import { type Distribution, distributionFor } from '../../../../src/policy/index.ts';
import { backends } from '../../../support/backends.ts';

beforeAll(() => loadBackend(backends('cpu')[0]));

/** The parts of a config that the loss reads. */
function configOf(
  halting: { rule?: string; minSteps?: number; maxSteps: number; ponderSteps?: number },
  forcedShare: number,
  priorWeight = 0,
) {
  return {
    halting: {
      ...{ rule: 'ponder', minSteps: 1, floor: 0, ...halting },
      ...{ prior: 'geometric', priorHalt: 0.5, priorWeight },
    },
    recipe: { forcedShare },
  } as unknown as LikelihoodConfig;
}

/** A loss, its gradient by the outputs, and what it reports. */
function judged(
  judge: typeof lossByRows,
  distribution: Distribution,
  outputs: tf.Tensor2D,
  batch: Minibatch,
  weights: ThoughtCost,
) {
  let report!: tf.Tensor;
  const { value, grad } = tf.valueAndGrad((x) => {
    const { loss, report: reported } = judge(distribution, x as tf.Tensor2D, batch, weights);
    report = tf.keep(reported);
    return loss;
  })(outputs);
  return {
    value: value.dataSync()[0],
    grad: [...grad.dataSync()],
    report: [...report.dataSync()],
  };
}

/** One decision between two choices, of which the first is demonstrated, after each of two ponder steps. */
const batch: Minibatch = {
  ...{ decisions: 1, sorted: Int32Array.of(0), reach: [1, 1] },
  ...{ seen: new Float32Array(1), actions: Float32Array.of(0), masks: undefined },
};
/** A logit by which the first choice has probability p. */
const logit = (p: number) => Math.log(p / (1 - p));
/** Logits of the choices, value, halting logit: the first step gives the choice 1/4 and halts with 1/5, the second gives it 1/2. */
const outputs = () =>
  tf.tensor2d([
    [logit(1 / 4), 0, 7, logit(1 / 5)],
    [logit(1 / 2), 0, 7, logit(9 / 10)],
  ]);

describe.each([
  ['by rows', lossByRows],
  ['by tensors', lossByTensors],
] as const)('the loss %s is what one works out by hand', (_, judge) => {
  const discrete = distributionFor(new Discrete(2));
  const judgedAt = (config: LikelihoodConfig, stage: CostStage) =>
    judged(judge, discrete, outputs(), batch, new ThoughtCost(config, stage));

  it('before the release: half the last depth, half the mean over depths', () => {
    const { value, report } = judgedAt(configOf({ maxSteps: 2 }, 0), { released: false, price: 9 });
    expect(value).toBeCloseTo(0.25 * Math.log(4) + 0.75 * Math.log(2), 6);
    expect(report).toEqual([value, Math.fround(Math.log(2)), 2, 0, 2]);
  });

  it('after it: what the head’s depths cost, and their price', () => {
    const stage = { released: true, price: 0.1 };
    const { value, grad, report } = judgedAt(configOf({ maxSteps: 2 }, 0), stage);
    const nats = 0.2 * Math.log(4) + 0.8 * Math.log(2);
    expect(value).toBeCloseTo(nats + 0.1 * 0.8, 6);
    expect(report[0]).toBeCloseTo(nats, 6);
    expect(report[2]).toBeCloseTo(1.8, 6);
    expect(report[4]).toBe(2);
    // d/dlogit of 0.2 → more halting costs ln 4 − ln 2 nats more and saves the price.
    expect(grad[3]).toBeCloseTo(0.2 * 0.8 * (Math.log(2) - 0.1), 6);
    // −p_n (1 − π_n(a)) by the demonstrated choice's logit
    expect(grad[0]).toBeCloseTo(-0.2 * 0.75, 6);
    expect(grad[4]).toBeCloseTo(-0.8 * 0.5, 6);
    // Nothing is learned of values, nor of halting at the last step.
    expect([grad[2], grad[6], grad[7]].map(Math.abs)).toEqual([0, 0, 0]);
  });

  it('a prior is what its divergence costs', () => {
    const config = configOf({ maxSteps: 2 }, 0, 2);
    const { value, report } = judgedAt(config, { released: true, price: 0 });
    const divergence = 0.2 * Math.log(0.4) + 0.8 * Math.log(1.6);
    expect(report[3]).toBeCloseTo(divergence, 6);
    expect(value).toBeCloseTo(0.2 * Math.log(4) + 0.8 * Math.log(2) + 2 * divergence, 6);
  });

  it('forced depths count by their share', () => {
    const { value } = judgedAt(configOf({ maxSteps: 2 }, 0.5), { released: true, price: 0 });
    expect(value).toBeCloseTo(0.35 * Math.log(4) + 0.65 * Math.log(2), 6);
  });

  it('at a fixed depth: that depth alone', () => {
    const config = configOf({ rule: 'fixed', maxSteps: 2 }, 0.5);
    const { value } = judgedAt(config, { released: true, price: 1 });
    expect(value).toBeCloseTo(Math.log(2), 6);
  });
});

describe('the loss by rows is the loss by tensors, with its gradient', () => {
  const spaces: [string, AnySpace][] = [
    ['Discrete', new Discrete(3, 2)],
    ['MultiDiscrete', new MultiDiscrete([2, 3])],
    ['MultiBinary', new MultiBinary([2])],
    ['Box', new Box({ shape: [2], low: -2, high: 1 })],
  ];
  it.each(spaces)('%s', (_, space) => {
    const distribution = distributionFor(space);
    const rng = Rng.seed(3, 'loss');
    const numbers = (n: number) => Float32Array.from({ length: n }, () => rng.normal());
    for (const [minSteps, maxSteps, floor] of [
      [1, 3, 0],
      [2, 4, 0.1],
      [2, 2, 0],
    ]) {
      for (const released of [false, true]) {
        const decisions = 5;
        const width = distribution.outputs + distribution.free.count + 2;
        const shape: [number, number] = [maxSteps * decisions, width];
        const actions = new Float32Array(decisions * distribution.actionSize);
        const masks = new Float32Array(decisions * distribution.maskSize);
        for (let i = 0; i < decisions; i++) {
          const action = actions.subarray(i * distribution.actionSize);
          distribution.sample(numbers(width - 2), undefined, rng, action);
        }
        const own: Minibatch = {
          ...{ decisions, sorted: Int32Array.from({ length: decisions }, (_, i) => i), actions },
          ...{ reach: new Array(maxSteps).fill(decisions), seen: new Float32Array(decisions) },
          masks: distribution.maskSize > 0 ? masks.fill(1) : undefined,
        };
        const config = configOf({ minSteps, maxSteps }, 0.25, 0.7);
        config.halting.floor = floor;
        const weights = new ThoughtCost(config, { released, price: 0.3 });
        const x = tf.tensor2d(numbers(shape[0] * width), shape);
        const byRows = judged(lossByRows, distribution, x, own, weights);
        const byTensors = judged(lossByTensors, distribution, x, own, weights);
        expect(byRows.value / byTensors.value).toBeCloseTo(1, 5);
        byRows.report.forEach((value, i) => {
          expect(Math.abs(value - byTensors.report[i])).toBeLessThan(1e-5 * (1 + Math.abs(value)));
        });
        byRows.grad.forEach((slope, i) => {
          expect(Math.abs(slope - byTensors.grad[i])).toBeLessThan(1e-5 * (1 + Math.abs(slope)));
        });
      }
    }
  });
});
