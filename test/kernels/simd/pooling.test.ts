import * as tf from '@tensorflow/tfjs-core';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { loadBackend } from '../../../src/kernels/index.ts';
import { expectEqual } from '../../support/cpu-and-simd.ts';
import { evaluate, type Fn, type Numbers, normal } from '../../support/numeric.ts';

type Shape = [number, number, number, number];
type Pool = typeof tf.maxPool;

interface Case {
  /** The picture [B, H, W, C]. */
  readonly x: Shape;
  readonly window: [number, number];
  readonly strides: [number, number];
  readonly pad: 'same' | 'valid';
}

const size = (max: number) => fc.integer({ min: 1, max });

const anyCase: fc.Arbitrary<Case> = fc
  .record({
    x: fc.tuple(size(3), size(9), size(9), size(9)),
    window: fc.tuple(size(4), size(4)),
    strides: fc.tuple(size(3), size(3)),
    pad: fc.constantFrom('same' as const, 'valid' as const),
  })
  .map(
    (of): Case => ({
      ...of,
      window: [Math.min(of.window[0], of.x[1]), Math.min(of.window[1], of.x[2])],
    }),
  );

/** Whole numbers, so that windows have several greatest ones. */
const rounded = ({ shape, values }: Numbers): Numbers => ({
  shape,
  values: values.map(Math.round),
});

describe.each([
  ['maxPool', tf.maxPool],
  ['avgPool', tf.avgPool as Pool],
])('%s on simd is that of cpu', (_, pool) => {
  const of =
    ({ window, strides, pad }: Case): Fn =>
    (x) =>
      pool(x as tf.Tensor4D, window, strides, pad);

  it('in value and gradient', async () => {
    await expectEqual(fc.sample(anyCase, { numRuns: 100, seed: 1 }), (one) =>
      evaluate(of(one), [rounded(normal('x', ...one.x))]),
    );
  });

  it.each<[string, Case]>([
    ['no pictures', { x: [0, 4, 4, 3], window: [2, 2], strides: [2, 2], pad: 'valid' }],
    ['one number', { x: [1, 1, 1, 1], window: [1, 1], strides: [1, 1], pad: 'valid' }],
    ['many pictures', { x: [40, 20, 20, 5], window: [3, 3], strides: [2, 2], pad: 'same' }],
  ])('%s', async (_name, one) => {
    await expectEqual([one], () => evaluate(of(one), [normal('x', ...one.x)]));
  });
});

it('the greatest number beside a NaN is a number', async () => {
  await loadBackend('simd');
  const x = tf.tensor4d([NaN, 2, 1, NaN], [1, 2, 2, 1]);
  expect(tf.maxPool(x, 2, 2, 'valid').dataSync()[0]).toBe(2);
});
