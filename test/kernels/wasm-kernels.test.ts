import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, it } from 'vitest';
import { loadBackend } from '../../src/kernels/index.ts';
import { evaluate, expectClose, type Fn, type Numbers, normal } from '../support/numeric.ts';

const int32 = (...values: number[]) => tf.tensor1d(values, 'int32');

const cases: Record<string, [f: Fn, ...args: Numbers[]]> = {};

for (const n of [1, 2, 7, 503, 504, 505, 1024, 1300]) {
  const matMul: Fn = (a, b) => tf.matMul(a as tf.Tensor2D, b as tf.Tensor2D);
  cases[`matMul [${n}, 5] x [5, 3]`] = [matMul, normal('a', n, 5), normal('b', 5, 3)];
  cases[`matMul [${n}, 3] x [3, 5]`] = [matMul, normal('a', n, 3), normal('b', 3, 5)];
}
for (const [transposeA, transposeB] of [
  [false, true],
  [true, false],
  [true, true],
]) {
  const f: Fn = (a, b) => tf.matMul(a, b, transposeA, transposeB);
  const [a, b] = [transposeA ? [4, 3] : [3, 4], transposeB ? [5, 4] : [4, 5]];
  const name = `matMul ${transposeA ? 'aT' : 'a'} ${transposeB ? 'bT' : 'b'}`;
  cases[name] = [f, normal('a', ...a), normal('b', ...b)];
  cases[`${name}, leading ones`] = [f, normal('a', 1, 1, ...a), normal('b', 1, 1, ...b)];
  cases[`${name}, batch`] = [f, normal('a', 2, ...a), normal('b', 2, ...b)];
}
cases['matMul, fused bias and relu'] = [
  (a, b, bias) =>
    tf.fused.matMul({ a: a as tf.Tensor2D, b: b as tf.Tensor2D, bias, activation: 'relu' }),
  normal('a', 6, 4),
  normal('b', 4, 5),
  normal('bias', 5),
];

for (const axis of [0, 1, 2, 3, -1, [0, 1], [1, 2], [2, 3], [0, 2], [0, 1, 2], [0, 1, 2, 3]]) {
  const x = normal('x', 3, 17, 2, 5);
  cases[`sum over ${axis}`] = [(x) => tf.sum(x, axis), x];
  cases[`sum over ${axis}, axes kept`] = [(x) => tf.sum(x, axis, true), x];
}
for (const rows of [1, 15, 16, 17, 100]) {
  cases[`sum of ${rows} rows`] = [(x) => tf.sum(x, 0), normal('x', rows, 6)];
}
cases['sum over an axis of one'] = [(x) => tf.sum(x, 1), normal('x', 3, 1, 6)];

cases['slice, first axis'] = [(x) => tf.slice(x, 1, 2), normal('x', 4, 3, 2)];
cases['slice, middle'] = [(x) => tf.slice(x, [0, 1, 0], [4, 2, 40]), normal('x', 4, 5, 40)];
cases['slice, last axis'] = [(x) => tf.slice(x, [1, 0, 1], [2, 3, 2]), normal('x', 4, 3, 5)];
cases['slice, one number'] = [(x) => tf.slice(x, [1, 2], [1, 1]), normal('x', 3, 4)];
cases['slice, nothing'] = [(x) => tf.slice(x, [1, 2], [0, 2]), normal('x', 3, 4)];
cases['slice, five axes'] = [
  (x) => tf.slice(x, [0, 1, 0, 1, 0], [2, 1, 2, 1, 3]),
  normal('x', 2, 2, 2, 2, 3),
];
cases['split, even'] = [(x) => tf.add(...pair(tf.split(x, 2, 1))), normal('x', 3, 4, 2)];
cases['split, uneven'] = [(x) => tf.split(x, [1, 3, 2], -1)[1], normal('x', 3, 6)];
cases['concat, last axis'] = [
  (a, b) => tf.concat([a, b], -1),
  normal('a', 3, 2),
  normal('b', 3, 40),
];
cases.tile = [(x) => tf.tile(x, [3, 1, 2]), normal('x', 2, 3, 4)];
cases['tile of single numbers'] = [(x) => tf.tile(x, [2, 1, 5]), normal('x', 2, 3, 1)];
cases['tile by ones'] = [(x) => tf.tile(x, [1, 1]), normal('x', 2, 3)];
cases.broadcastTo = [(x) => tf.broadcastTo(x, [5, 2, 40]), normal('x', 1, 2, 40)];
cases['gather, rows'] = [(x) => tf.gather(x, int32(2, 0, 2)), normal('x', 3, 4)];
cases['gather, long rows'] = [(x) => tf.gather(x, int32(1, 1)), normal('x', 3, 50)];
cases['gather, last axis'] = [(x) => tf.gather(x, int32(2, 0, 2, 3), -1), normal('x', 3, 4)];
cases['gather, matrix of indices'] = [
  (x) =>
    tf.gather(
      x,
      tf.tensor2d(
        [
          [0, 1],
          [2, 2],
        ],
        [2, 2],
        'int32',
      ),
      1,
    ),
  normal('x', 2, 3, 4),
];
cases.identity = [(x) => tf.mul(tf.clone(x), tf.clone(x)), normal('x', 3, 4)];

// Far below zero, so that each window's maximum is negative.
const image = normal('image', 2, 6, 5, 3);
const negative: Numbers = { ...image, values: image.values.map((x) => x - 10) };
const asImage = (x: tf.Tensor) => x as tf.Tensor4D;
cases['maxPool of negative numbers'] = [(x) => tf.maxPool(asImage(x), 2, 2, 'valid'), negative];
cases['maxPool, overlapping'] = [(x) => tf.maxPool(asImage(x), 3, 1, 'same'), image];
cases.avgPool = [(x) => tf.avgPool(asImage(x), 2, 2, 'valid'), image];
cases.conv2d = [
  (x, w) => tf.conv2d(asImage(x), asImage(w), 2, 'same'),
  image,
  normal('filter', 3, 3, 3, 4),
];
const pads = {
  valid: 'valid',
  same: 'same',
  'in numbers': [
    [0, 0],
    [2, 1],
    [0, 3],
    [0, 0],
  ],
} as const;
for (const [name, pad] of Object.entries(pads)) {
  const rounding = typeof pad === 'string' ? undefined : 'floor';
  cases[`conv2d, padding ${name}`] = [
    (x, w) => tf.conv2d(asImage(x), asImage(w), [1, 2], pad as 'same', 'NHWC', 1, rounding),
    image,
    normal('filter', 3, 2, 3, 4),
  ];
}
cases['conv2d, 1 × 1'] = [
  (x, w) => tf.conv2d(asImage(x), asImage(w), 1, 'valid'),
  image,
  normal('filter', 1, 1, 3, 2),
];
cases.depthwiseConv2d = [
  (x, w) => tf.depthwiseConv2d(asImage(x), asImage(w), 1, 'valid'),
  image,
  normal('filter', 2, 2, 3, 2),
];

function pair<T>([a, b]: T[]): [T, T] {
  return [a, b];
}

describe('the completed wasm backend', () => {
  const expected = new Map<string, Numbers[]>();
  beforeAll(async () => {
    await loadBackend('cpu');
    for (const [name, [f, ...args]] of Object.entries(cases)) {
      expected.set(name, await evaluate(f, args));
    }
    await loadBackend('wasm');
  });

  it.each(Object.entries(cases))(
    '%s: value and gradients of the cpu backend',
    async (name, entry) => {
      const [f, ...args] = entry;
      expectClose(await evaluate(f, args), expected.get(name)!);
    },
  );

  it('multiplies by the same data in two shapes', async () => {
    const x = tf.tensor([1, 2, 3, 4, 5, 6, 7, 8], [2, 4]);
    const [ones2, ones4] = [tf.ones([1, 2]), tf.ones([1, 4])];
    const square = tf.reshape(x, [4, 2]);
    for (let round = 0; round < 2; round++) {
      expect([...(await tf.matMul(ones2, x).data())]).toEqual([6, 8, 10, 12]);
      expect([...(await tf.matMul(ones4, square).data())]).toEqual([16, 20]);
      const bias = tf.zeros([2]);
      const fused = tf.fused.matMul({ a: ones4, b: square as tf.Tensor2D, bias });
      expect([...(await fused.data())]).toEqual([16, 20]);
    }
  });

  it('sees new values of a variable it has multiplied by before', async () => {
    const w = tf.variable(tf.ones([2, 2]));
    const x = tf.ones([1, 2]);
    expect([...(await tf.matMul(x, w as tf.Tensor as tf.Tensor2D).data())]).toEqual([2, 2]);
    w.assign(
      tf.tensor([
        [1, 2],
        [3, 4],
      ]),
    );
    expect([...(await tf.matMul(x, w as tf.Tensor as tf.Tensor2D).data())]).toEqual([4, 6]);
  });

  it('leaves matrices of integers and empty ones to tfjs', () => {
    const ints = tf.ones([2, 2], 'int32');
    expect(() => tf.matMul(ints, ints, true)).toThrow('float32');
    expect(tf.matMul(tf.zeros([0, 2]), tf.zeros([0, 3]), true).shape).toEqual([2, 3]);
  });

  it('keeps shared data until the last of its tensors is disposed', async () => {
    const x = tf.tensor([1, 2, 3]);
    const clone = tf.clone(x);
    x.dispose();
    tf.tensor([7, 7, 7]);
    expect([...(await clone.data())]).toEqual([1, 2, 3]);
    clone.dispose();
  });

  it('moves integers and booleans too', async () => {
    const ints = tf.tensor2d(
      [
        [1, 2, 3],
        [4, 5, 6],
      ],
      [2, 3],
      'int32',
    );
    const bools = tf.cast(tf.tensor1d([1, 0, 1]), 'bool');
    expect(tf.gather(ints, int32(1)).dtype).toBe('int32');
    expect([...(await tf.gather(ints, int32(1)).data())]).toEqual([4, 5, 6]);
    expect([...(await tf.slice(bools, 1, 2).data())]).toEqual([0, 1]);
    expect([...(await tf.tile(bools, [2]).data())]).toEqual([1, 0, 1, 1, 0, 1]);
    expect([...(await tf.sum(ints, 0).data())]).toEqual([5, 7, 9]);
    expect([...(await tf.unsortedSegmentSum(ints, int32(1, 1), 3).data())]).toEqual([
      0, 0, 0, 5, 7, 9, 0, 0, 0,
    ]);
  });

  it('drops segments out of range', async () => {
    const sums = tf.unsortedSegmentSum(tf.tensor1d([1, 2, 4]), int32(0, -1, 2), 2);
    expect([...(await sums.data())]).toEqual([1, 0]);
  });

  it.each([-1, 3])('refuses to gather row %i of 3', (row) => {
    expect(() => tf.gather(tf.zeros([3, 2]), int32(row))).toThrow(`must be in 0..2, got ${row}`);
  });

  it('keeps neither tensors nor heap over repeated use', async () => {
    const backend = tf.backend() as unknown as {
      numDataIds(): number;
      wasm: { HEAPU8: Uint8Array };
    };
    const all = async () => {
      for (const [f, ...args] of Object.values(cases)) await evaluate(f, args);
    };
    await all();
    const before = [tf.memory().numTensors, backend.numDataIds(), backend.wasm.HEAPU8.length];
    for (let i = 0; i < 3; i++) await all();
    const after = [tf.memory().numTensors, backend.numDataIds(), backend.wasm.HEAPU8.length];
    expect(after).toEqual(before);
  });
});

describe('comparisons have the gradient 0', () => {
  it.each(['cpu', 'wasm'] as const)('on %s', async (name) => {
    await loadBackend(name);
    for (const compare of [
      tf.greater,
      tf.greaterEqual,
      tf.less,
      tf.lessEqual,
      tf.equal,
      tf.notEqual,
    ]) {
      const [value, da, db] = await evaluate(
        (a, b) => tf.where(compare(a, b), tf.mul(a, 2), tf.mul(b, 3)),
        [
          { shape: [3], values: Float32Array.of(1, 2, 3) },
          { shape: [3], values: Float32Array.of(3, 2, 1) },
        ],
      );
      const dy = normal('dy', 3).values;
      for (let i = 0; i < 3; i++) {
        const a = [1, 2, 3][i];
        const tookA = value.values[i] === 2 * a;
        expect(da.values[i]).toBeCloseTo(tookA ? 2 * dy[i] : 0, 5);
        expect(db.values[i]).toBeCloseTo(tookA ? 0 : 3 * dy[i], 5);
      }
    }
  });
});
