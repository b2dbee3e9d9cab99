import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, it } from 'vitest';
import { loadBackend } from '../../../src/kernels/index.ts';
import { backends } from '../../support/backends.ts';
import {
  evaluate,
  expectClose,
  type Fn,
  finiteDifferences,
  type Numbers,
  normal,
} from '../../support/numeric.ts';

const int32 = (values: number[], ...shape: number[]) => tf.tensor(values, shape, 'int32');
const matMul: Fn = (a, b) => tf.matMul(a, b);
const image = (x: tf.Tensor) => x as tf.Tensor4D;
const volume = (x: tf.Tensor) => x as tf.Tensor5D;
/** Far below zero and far apart: a maximum never changes hands, and each is negative. */
const apart = (label: 'x' | 'a' | 'b', ...shape: number[]): Numbers => {
  const { values } = normal(label, ...shape);
  const order = [...values.keys()].sort((i, j) => values[i] - values[j]);
  const spread = new Float32Array(values.length);
  const between = label === 'b' ? 0.05 : 0;
  for (const [rank, i] of order.entries()) spread[i] = between + 0.1 * (rank - values.length - 3);
  return { shape, values: spread };
};

/** What tfjs 4.22 lacks, or has wrong on at least one backend, and how it should be. */
const cases: Record<string, [f: Fn, ...args: Numbers[]]> = {
  'maximum, broadcast': [(a, b) => tf.maximum(a, b), apart('a', 3, 3), apart('b', 3, 1)],
  'minimum, broadcast': [(a, b) => tf.minimum(a, b), apart('a', 4), apart('b', 2, 3, 4)],
  'maximum of equal shapes': [(a, b) => tf.maximum(a, b), apart('a', 3, 3), apart('b', 3, 3)],
  'squaredDifference, broadcast': [
    (a, b) => tf.squaredDifference(a, b),
    normal('a', 3, 4),
    normal('b', 4),
  ],
  'squaredDifference, both broadcast': [
    (a, b) => tf.squaredDifference(a, b),
    normal('a', 3, 1),
    normal('b', 1, 3),
  ],
  'matMul, a batch by a matrix': [matMul, normal('a', 2, 3, 4), normal('b', 4, 2)],
  'matMul, a batch by a batch of one': [matMul, normal('a', 2, 3, 4), normal('b', 1, 4, 2)],
  'matMul, transposed, matrix by a batch': [
    (a, b) => tf.matMul(a, b, true, true),
    normal('a', 4, 3),
    normal('b', 5, 2, 4),
  ],
  'matMul, two batch axes by one': [matMul, normal('a', 2, 3, 2, 4), normal('b', 3, 4, 2)],
  'cumsum, first of two equal axes': [(x) => tf.cumsum(x, 0), normal('x', 3, 3)],
  'cumsum, middle axis, reverse': [(x) => tf.cumsum(x, 1, false, true), normal('x', 2, 3, 3)],
  'cumsum, exclusive': [(x) => tf.cumsum(x, 0, true), normal('x', 3, 2)],
  floorDiv: [
    (a, b) => tf.floorDiv(a, b),
    { shape: [4], values: Float32Array.of(1.5, 2.5, -3.3, 4.4) },
    { shape: [1], values: Float32Array.of(2) },
  ],
  'where by a comparison': [(x) => tf.where(tf.greater(x, 0), x, tf.mul(x, 3)), apart('x', 5)],
  'avgPool over the edge': [(x) => tf.avgPool(image(x), 3, 2, 'same'), normal('x', 2, 5, 4, 2)],
  'avgPool, padding by number': [
    (x) => tf.avgPool(image(x), 2, 2, 1, 'floor'),
    normal('x', 1, 4, 5, 1),
  ],
  'avgPool within': [(x) => tf.avgPool(image(x), [2, 3], [1, 2], 'valid'), normal('x', 1, 4, 5, 2)],
  'avgPool3d over the edge': [
    (x) => tf.avgPool3d(volume(x), [2, 3, 2], [1, 2, 1], 'same'),
    normal('x', 1, 2, 3, 3, 2),
  ],
  'maxPool of negative numbers': [
    (x) => tf.maxPool(image(x), 3, 2, 'same'),
    apart('x', 2, 5, 4, 2),
  ],
  'maxPool3d of negative numbers': [
    (x) => tf.maxPool3d(volume(x), 2, 1, 'same'),
    apart('x', 1, 2, 3, 3, 2),
  ],
  conv3d: [
    (x, w) => tf.conv3d(volume(x), volume(w), [1, 2, 1], 'same'),
    normal('x', 1, 2, 3, 3, 2),
    normal('w', 2, 2, 2, 2, 2),
  ],
  'dilation2d of two channels': [
    (x, w) => tf.dilation2d(image(x), w as tf.Tensor3D, 1, 'same'),
    apart('x', 1, 3, 3, 2),
    { shape: [2, 2, 2], values: new Float32Array(8) },
  ],
  'gather along an axis': [(x) => tf.gather(x, int32([2, 0, 2], 3), 1), normal('x', 2, 3, 3)],
};

const refused: Record<string, [f: Fn, message: string, ...args: Numbers[]]> = {
  einsum: [(a, b) => tf.einsum('ij,jk->ik', a, b), 'Einsum', normal('a', 3, 4), normal('b', 4, 2)],
  topk: [(x) => tf.topk(x, 2).values, 'TopK', normal('x', 3, 4)],
  gatherND: [(x) => tf.gatherND(x, int32([0, 1], 1, 2)), 'GatherNd', normal('x', 3, 4)],
  scatterND: [(x) => tf.scatterND(int32([1, 3], 2, 1), x, [4, 2]), 'ScatterNd', normal('x', 2, 2)],
  prod: [(x) => tf.prod(x, 0), 'Prod', normal('x', 3, 3)],
  mirrorPad: [
    (x) =>
      tf.mirrorPad(
        x,
        [
          [1, 1],
          [1, 1],
        ],
        'reflect',
      ),
    'MirrorPad',
    normal('x', 3, 3),
  ],
  stridedSlice: [
    (x) => tf.stridedSlice(x, [0, 0], [3, 3], [2, 2]),
    'StridedSlice',
    normal('x', 3, 3),
  ],
  'gather with batchDims': [
    (x) => tf.gather(x, int32([1, 0, 2, 2], 2, 2), 1, 1),
    'GatherV2 with batchDims',
    normal('x', 2, 3, 2),
  ],
  'resizeBilinear with halfPixelCenters': [
    (x) => tf.image.resizeBilinear(image(x), [5, 5], false, true),
    'ResizeBilinear with halfPixelCenters',
    normal('x', 1, 3, 3, 1),
  ],
  'resizeNearestNeighbor with halfPixelCenters': [
    (x) => tf.image.resizeNearestNeighbor(image(x), [5, 5], false, true),
    'ResizeNearestNeighbor with halfPixelCenters',
    normal('x', 1, 3, 3, 1),
  ],
  'conv2d with dilation': [
    (x, w) => tf.conv2d(image(x), image(w), 1, 'same', 'NHWC', 2),
    'dilation rates greater than 1',
    normal('x', 1, 5, 5, 1),
    normal('w', 3, 3, 1, 1),
  ],
};

describe.each(backends('cpu', 'wasm', 'simd'))('gradients on %s', (backend) => {
  const expected = new Map<string, Numbers[]>();
  beforeAll(async () => {
    await loadBackend('cpu');
    for (const [name, [f, ...args]] of Object.entries(cases)) {
      const [value] = await evaluate(f, args);
      // Most are linear or quadratic; a wide step keeps rounding small.
      expected.set(name, [value, ...(await finiteDifferences(f, args))]);
    }
    await loadBackend(backend);
  });

  it.each(Object.entries(cases))(
    '%s: the value of cpu, the gradients of finite differences',
    async (name, [f, ...args]) => {
      const found = evaluate(f, args);
      if (backend === 'tensorflow' && name === 'avgPool, padding by number') {
        await expect(found).rejects.toThrow("supports only 'valid' and 'same' padding");
      } else expectClose(await found, expected.get(name)!, 2e-3);
    },
  );

  it.each(Object.entries(refused))(
    '%s is refused by name rather than wrong',
    async (_, [f, message, ...args]) => {
      const clear = new RegExp(`${message}|Kernel '${message}' not registered`);
      await expect(evaluate(f, args)).rejects.toThrow(clear);
    },
  );

  it('matMul: refuses batches that both repeat, whose product tfjs has wrong', async () => {
    const product = tf.grad((a) => tf.matMul(a, tf.ones([5, 4, 2])));
    expect(() => product(tf.ones([2, 1, 3, 4]), tf.ones([2, 5, 3, 2]))).toThrow(
      'Cannot compute gradient: tfjs has none of BatchMatMul with batches that both repeat.',
    );
  });
});
