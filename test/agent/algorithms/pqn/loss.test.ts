import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, it } from 'vitest';
import { lossByRows } from '../../../../src/agent/algorithms/pqn/loss-by-rows.ts';
import { lossByTensors } from '../../../../src/agent/algorithms/pqn/loss-by-tensors.ts';
import { STATS } from '../../../../src/agent/algorithms/pqn/loss-report.ts';
import type { Minibatch } from '../../../../src/agent/algorithms/pqn/minibatch.ts';
import { Discrete, MultiDiscrete } from '../../../../src/envs/index.ts';
import { loadBackend, Rng } from '../../../../src/kernels/index.ts';
import { actionValues } from '../../../../src/policy/index.ts';
import { backends } from '../../../support/backends.ts';

beforeAll(() => loadBackend(backends('cpu')[0]));

/** A loss, its gradient by the outputs, and what it reports. */
function judged(
  judge: typeof lossByRows,
  outputs: tf.Tensor2D,
  batch: Minibatch,
  thinkWeight: number,
) {
  let report!: tf.Tensor;
  const { value, grad } = tf.valueAndGrad((x) => {
    const { loss, report: reported } = judge(x as tf.Tensor2D, batch, thinkWeight);
    report = tf.keep(reported);
    return loss;
  })(outputs);
  return {
    value: [...value.dataSync()],
    grad: Array.from(grad.dataSync(), (x) => x + 0), // −0 is 0
    report: [...report.dataSync()],
  };
}

it('the loss is what one works out by hand', () => {
  const values = actionValues(new Discrete(2), 0);
  // Two decisions: one thinks on, then takes action 1; the other takes action 0.
  const parts = new Float32Array(3 * 4);
  values.parts(undefined, parts.subarray(0, 4));
  values.parts(Float32Array.of(0), parts.subarray(4, 8));
  values.parts(Float32Array.of(1), parts.subarray(8, 12));
  const batch: Minibatch = {
    decisions: 2,
    reach: [2, 1],
    seen: new Float32Array(2),
    parts,
    target: Float32Array.of(1, 0, 5),
    think: Float32Array.of(1, 0, 0),
  };
  const outputs = tf.tensor2d([
    [9, 9, 3, 9], // Q_think 3 towards 1
    [1, 9, 9, 9], // Q_act(0) 1 towards 0
    [9, 2, 9, 9], // Q_act(1) 2 towards 5
  ]);
  for (const judge of [lossByRows, lossByTensors]) {
    const { value, grad, report } = judged(judge, outputs, batch, 0.5);
    // (½·1² + ½·3² + 0.5·½·2²) / 2
    expect(value[0]).toBeCloseTo(3, 6);
    expect(grad).toEqual([0, 0, 0.5, 0, 0.5, 0, 0, 0, 0, -1.5, 0, 0]);
    expect(Object.fromEntries(STATS.map((name, i) => [name, report[i]]))).toEqual({
      valueLoss: 2.5,
      thinkLoss: 1,
      actValue: 1.5,
    });
  }
});

describe('the loss by rows is the loss by tensors, with its gradient', () => {
  const spaces: [string, Discrete | MultiDiscrete][] = [
    ['Discrete', new Discrete(3)],
    ['Discrete of one', new Discrete(1, 4)],
    ['MultiDiscrete', new MultiDiscrete([2, 3], { start: [0, 1] })],
  ];
  it.each(spaces)('%s', (_, space) => {
    const values = actionValues(space, 0);
    const rng = Rng.seed(6, 'loss');
    const width = values.outputs + 2;
    for (const reach of [[9, 9, 4, 1], [40], [1, 1]]) {
      const total = reach.reduce((a, b) => a + b, 0);
      const numbers = (n: number) => Float32Array.from({ length: n }, () => rng.normal());
      const parts = new Float32Array(total * width);
      const think = Float32Array.from({ length: total }, () => rng.int(2));
      const row = new Float32Array(values.actionSize);
      for (let m = 0; m < total; m++) {
        space.write(space.sample(rng) as never, row);
        values.parts(think[m] ? undefined : row, parts.subarray(m * width, (m + 1) * width));
      }
      const seen = new Float32Array(reach[0]);
      const batch = { decisions: reach[0], reach, seen, parts, target: numbers(total), think };
      const outputs = tf.tensor2d(numbers(total * width), [total, width]);
      const [byRows, byTensors] = [lossByRows, lossByTensors].map((judge) =>
        judged(judge, outputs, batch, 0.3),
      );
      for (const part of ['value', 'grad', 'report'] as const) {
        byRows[part].forEach((x, i) => {
          expect(Math.abs(x - byTensors[part][i]), `${part} ${i}`).toBeLessThan(2e-5);
        });
      }
    }
  });
});
