import * as tf from '@tensorflow/tfjs-core';
import { expect, it, onTestFinished } from 'vitest';
import { gumbelLoss } from '../../../../src/agent/algorithms/gumbel/loss.ts';
import { loadBackend } from '../../../../src/kernels/index.ts';
import { randomRows, smallPolicy, stir } from '../../../support/small-policy.ts';

const softmax = (logits: ArrayLike<number>) => {
  const weights = Array.from(logits, Math.exp);
  return weights.map((weight) => weight / weights.reduce((a, b) => a + b));
};

it('is the distance to the improved policy and to the return, of the last step and of all', async () => {
  await loadBackend('simd');
  const policy = smallPolicy();
  onTestFinished(() => policy.dispose());
  stir(policy.parameters);
  const [B, depth, valueWeight] = [3, 2, 0.25];
  const seen = Float32Array.from(randomRows(B, 2).flatMap((row) => [...row]));
  const improved = Float32Array.from(randomRows(B, 3, 9).flatMap((row) => [...row]));
  const returns = Float32Array.of(1, -1, 0.5);
  const numbers = tf.tidy(() => {
    const thoughts = policy.think(tf.tensor2d(seen, [B, 2]), Array(depth).fill(B));
    return policy.outputs(thoughts, Float32Array.of(1, 1, 1, 2, 2, 2)).arraySync();
  });
  const byStep = [0, 1].map((k) => {
    const means = { kl: 0, error: 0 };
    for (let i = 0; i < B; i++) {
      const [target, own] = [improved.subarray(3 * i, 3 * i + 3), numbers[k * B + i]].map((row) =>
        softmax(row.slice(0, 3)),
      );
      target.forEach((p, a) => {
        means.kl += (p * Math.log(p / own[a])) / B;
      });
      means.error += (numbers[k * B + i][3] - returns[i]) ** 2 / B;
    }
    return means;
  });
  const [first, last] = byStep.map(({ kl, error }) => kl + valueWeight * error);
  const masks = new Float32Array(3 * B).fill(1);
  const batch = { decisions: B, seen, actions: new Float32Array(B), masks };
  const { loss, report } = gumbelLoss(
    policy,
    policy.think(tf.tensor2d(seen, [B, 2]), Array(depth).fill(B)),
    { ...batch, improved, returns },
    { depth, valueWeight },
  );
  onTestFinished(() => tf.dispose([loss, report]));
  expect((await loss.data())[0]).toBeCloseTo((first + last) / 4 + last / 2, 5);
  const [kl, error] = await report.data();
  expect([kl, error]).toEqual([byStep[1].kl, byStep[1].error].map((x) => expect.closeTo(x, 5)));
});
