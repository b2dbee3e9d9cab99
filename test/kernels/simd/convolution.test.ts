import * as tf from '@tensorflow/tfjs-core';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { loadBackend } from '../../../src/kernels/index.ts';
import { expectEqual, onEach } from '../../support/cpu-and-simd.ts';
import { expectNear } from '../../support/kernel-harness.ts';
import { evaluate, type Fn, normal } from '../../support/numeric.ts';

type Pad = 'same' | 'valid' | number | tf.backend_util.ExplicitPadding;

interface Case {
  /** The picture [B, H, W, C]. */
  readonly x: [number, number, number, number];
  /** The filter [rows, columns, C, N]. */
  readonly filter: [number, number, number, number];
  readonly strides: [number, number];
  readonly pad: Pad;
  readonly dilations?: [number, number];
}

const size = (max: number) => fc.integer({ min: 1, max });

/** Convolutions of small pictures, of which each has a window. */
const anyCase: fc.Arbitrary<Case> = fc
  .record({
    x: fc.tuple(size(3), size(9), size(9), size(5)),
    window: fc.tuple(size(4), size(4)),
    outputs: size(11),
    strides: fc.tuple(size(3), size(3)),
    pad: fc.oneof(
      fc.constantFrom<Pad>('same', 'valid', 2),
      fc.tuple(...Array.from({ length: 4 }, () => fc.integer({ min: 0, max: 3 }))).map(
        ([top, bottom, left, right]): Pad => [
          [0, 0],
          [top, bottom],
          [left, right],
          [0, 0],
        ],
      ),
    ),
  })
  .map(({ x, window: [h, w], outputs, strides, pad }): Case => {
    // With a number as padding, tfjs computes the size of the result for square filters only.
    const columns = typeof pad === 'number' ? h : w;
    const filter: Case['filter'] = [Math.min(h, x[1]), Math.min(columns, x[2]), x[3], outputs];
    if (typeof pad === 'number') filter[0] = filter[1] = Math.min(filter[0], filter[1]);
    return { x, filter, strides, pad };
  });

const convolution =
  ({ strides, pad, dilations }: Case): Fn =>
  (x, filter) =>
    tf.conv2d(
      x as tf.Tensor4D,
      filter as tf.Tensor4D,
      strides,
      pad,
      'NHWC',
      dilations,
      rounding(pad),
    );

/** tfjs asks for a rounding where the padding is in numbers. */
const rounding = (pad: Pad) => (typeof pad === 'string' ? undefined : 'floor');
const argumentsOf = ({ x, filter }: Case) => [normal('x', ...x), normal('filter', ...filter)];

it.each([1, 3, 4, 1001, 300_002])(
  'relu and step on simd are those of cpu, with their gradients: %i numbers',
  async (n) => {
    const x = normal('x', n);
    const specials = [NaN, Infinity, -Infinity, 0];
    for (const [i, special] of specials.entries()) x.values[(7 * i) % n] = special;
    const functions: Fn[] = [tf.relu, (x) => tf.step(x, 0.5)];
    for (const { cpu, one, two } of await onEach(functions, (f) => evaluate(f, [x]))) {
      cpu.forEach(({ values }, i) => {
        expectNear(one[i].values, values, 0);
        expectNear(two[i].values, values, 0);
      });
    }
  },
);

describe('conv2d on simd is that of cpu', () => {
  it('in value and gradients', async () => {
    await expectEqual(fc.sample(anyCase, { numRuns: 150, seed: 1 }), (of) =>
      evaluate(convolution(of), argumentsOf(of)),
    );
  });

  it.each<[string, Case]>([
    ['1 × 1', { x: [2, 3, 4, 5], filter: [1, 1, 5, 6], strides: [1, 1], pad: 'valid' }],
    ['the whole picture', { x: [2, 5, 4, 3], filter: [5, 4, 3, 7], strides: [1, 1], pad: 'valid' }],
    [
      'a picture of one number',
      { x: [1, 1, 1, 1], filter: [1, 1, 1, 1], strides: [1, 1], pad: 'same' },
    ],
    ['no pictures', { x: [0, 6, 6, 2], filter: [3, 3, 2, 4], strides: [1, 1], pad: 'same' }],
    [
      'windows of one picture in several chunks',
      { x: [1, 40, 41, 8], filter: [5, 5, 8, 2], strides: [1, 1], pad: 'same' },
    ],
    [
      'chunks of several pictures',
      { x: [70, 14, 14, 4], filter: [8, 8, 4, 3], strides: [2, 2], pad: 'valid' },
    ],
  ])('%s', async (_, of) => {
    await expectEqual([of], () => evaluate(convolution(of), argumentsOf(of)));
  });

  it('with dilations', async () => {
    const dilated = fc
      .tuple(anyCase, fc.tuple(size(3), size(3)))
      .map(([of, dilations]): Case => ({ ...of, strides: [1, 1], pad: 'same', dilations }));
    await expectEqual(fc.sample(dilated, { numRuns: 50, seed: 2 }), async (of) => {
      const y = tf.tidy(() =>
        convolution(of)(...argumentsOf(of).map(({ values, shape }) => tf.tensor(values, shape))),
      );
      return [{ shape: y.shape, values: await y.data<'float32'>() }];
    });
  });

  it.each(['linear', 'relu', 'elu'] as const)('fused with a bias and %s', async (activation) => {
    await expectEqual(fc.sample(anyCase, { numRuns: 20, seed: 3 }), (of) => {
      const { strides, pad } = of;
      const dimRoundingMode = rounding(pad);
      const f: Fn = (x, filter, bias) =>
        tf.fused.conv2d({
          x: x as tf.Tensor4D,
          filter: filter as tf.Tensor4D,
          strides,
          pad,
          dimRoundingMode,
          bias,
          activation,
        });
      return evaluate(f, [...argumentsOf(of), normal('bias', of.filter[3])]);
    });
  });

  it('refuses a filter that is larger than the picture', async () => {
    await loadBackend('simd');
    const f = () =>
      tf.conv2d(tf.zeros<tf.Rank.R4>([1, 3, 3, 1]), tf.zeros([5, 5, 1, 1]), 1, 'valid');
    expect(f).toThrow(
      'conv2d: filter: expected at most 3 × 3 numbers, as the padded picture, got 5 × 5',
    );
  });
});
