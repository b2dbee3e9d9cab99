import * as tf from '@tensorflow/tfjs-core';
import { describe, expect, it } from 'vitest';
import { loadBackend } from '../../../src/kernels/index.ts';
import { buildFolder, buildIn } from '../../../src/kernels/tensorflow/build.ts';

const installed = buildIn(buildFolder()) !== undefined;

/** Operations whose kernels call methods of tensors, which tfjs-core lacks. */
const chained: Record<string, () => tf.Tensor> = {
  'argMax of booleans': () => tf.argMax(tf.tensor1d([false, true, false], 'bool')),
  'argMin of booleans': () => tf.argMin(tf.tensor1d([true, false, true], 'bool')),
  'exp of integers': () => tf.exp(tf.tensor1d([0, 1, -2], 'int32')),
  prelu: () => tf.prelu(tf.tensor1d([-2, 0, 3]), tf.tensor1d([0.25])),
};

describe.skipIf(!installed)('on tensorflow', () => {
  it.each(Object.entries(chained))('%s is that of cpu', async (_, compute) => {
    const found: number[][] = [];
    for (const backend of ['cpu', 'tensorflow'] as const) {
      await loadBackend(backend);
      found.push([...tf.tidy(() => compute().dataSync())]);
    }
    expect(found[0].length).toBeGreaterThan(0);
    for (const [i, value] of found[0].entries()) expect(found[1][i]).toBeCloseTo(value, 5);
  });
});
