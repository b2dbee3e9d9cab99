import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, it } from 'vitest';
import { type Loop, loadBackend, unroll } from '../../../src/kernels/index.ts';
import { backends } from '../../support/backends.ts';

const [B, R, D] = [3, 1, 2];

describe.each(backends('cpu', 'simd'))('unroll on %s', (backend) => {
  let z: tf.Tensor;
  let loop: Loop;
  beforeAll(async () => {
    await loadBackend(backend);
    const [gain, square] = [tf.ones([D]), tf.ones([D, D])];
    const gains = {
      ...{ attentionBefore: gain, attentionAfter: gain, forwardBefore: gain, forwardAfter: gain },
    };
    const products = { query: square, out: square, inner: square, innerBias: gain, outer: square };
    const [k, v] = [tf.ones([B, 4, D]), tf.ones([B, 4, D])];
    z = tf.ones([B, R, D]);
    loop = { gain, heads: 1, blocks: [{ weights: { ...gains, ...products }, context: { k, v } }] };
  });

  it.each([
    ['rises', [1, 2]],
    ['rises at the end', [3, 1, 2]],
    ['is empty', []],
    ['is larger than the batch', [4]],
    ['is negative', [2, -1]],
    ['is no number', [Number.NaN]],
  ])('refuses a reach that %s', (_, reach) => {
    expect(() => unroll(z, loop, reach)).toThrow(
      new RangeError(`unroll: reach must fall from at most 3, got [${reach.join(', ')}]`),
    );
  });

  it.each([
    ['stays', [3, 3]],
    ['falls', [2, 1]],
    ['falls to nothing', [1, 0]],
  ])('takes a reach that %s', (_, reach) => {
    const readouts = unroll(z, loop, reach);
    expect(readouts.shape).toEqual([reach.reduce((sum, n) => sum + n), 1, D]);
    readouts.dispose();
  });
});
