import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, it } from 'vitest';
import {
  attention,
  embed,
  embedFields,
  gatherRows,
  linear,
  loadBackend,
  placeRows,
  repeat,
  rmsNorm,
  takeRows,
  writeRows,
} from '../../../src/kernels/index.ts';
import type { SimdBackend } from '../../../src/kernels/simd/runtime/simd-backend.ts';
import { evaluate, expectClose, type Fn, type Numbers, normal } from '../../support/numeric.ts';

const cases: Record<string, [f: Fn, ...args: Numbers[]]> = {};
const SIZES = [0, 1, 3, 5, 8, 17];
const int32 = (values: number[], shape = [values.length]) =>
  tf.tensor(values, shape, 'int32') as tf.Tensor as tf.Tensor1D;

for (const n of SIZES) {
  for (const [i, o] of [
    [5, 3],
    [8, 17],
    [1, 1],
  ]) {
    const [x, w, b] = [normal('x', n, i), normal('w', i, o), normal('b', o)];
    cases[`linear [${n}, ${i}] x [${i}, ${o}]`] = [(x, w, b) => linear(x, w, b), x, w, b];
    cases[`linear [${n}, ${i}] x [${i}, ${o}], no bias`] = [(x, w) => linear(x, w), x, w];
    cases[`linear [${n}, 2, 3, ${i}] x [${i}, ${o}]`] = [
      (x, w, b) => linear(x, w, b),
      ...[normal('x', n, 2, 3, i), w, b],
    ];
  }
  for (const width of [1, 5, 8, 48]) {
    cases[`rmsNorm [${n}, ${width}]`] = [
      (x, gain) => rmsNorm(x, gain, 0.01),
      normal('x', n, width),
      normal('gain', width),
    ];
  }
  for (const [queries, keys, width, heads] of [
    [1, 1, 4, 2],
    [1, 19, 48, 2],
    [3, 5, 6, 3],
    [17, 8, 8, 1],
  ]) {
    // The composite for many queries has no form for an empty batch.
    if (n === 0 && queries > 8) continue;
    const name = `attention [${n}, ${queries}, ${width}], ${keys} keys, ${heads} heads`;
    const [q, k] = [normal('q', n, queries, width), normal('k', n, keys, width)];
    const v = normal('v', n, keys, width);
    const bias = normal('bias', heads, queries, keys);
    cases[name] = [(q, k, v) => attention(q, k, v, heads), q, k, v];
    cases[`${name}, bias`] = [(q, k, v, bias) => attention(q, k, v, heads, bias), q, k, v, bias];
  }
  const ids = Array.from({ length: n }, (_, i) => (7 * i) % 5);
  cases[`embed ${n} ids`] = [(t) => embed(int32(ids), t), normal('t', 5, 3)];
  const fields = (f: number) => ids.map((id) => [id, (id + f) % 7, (id + 2) % 5]);
  cases[`embedFields ${n} rows`] = [
    (a, b) => embedFields(tf.tensor2d(fields(3).flat(), [n, 3]), [a, b, a]),
    normal('a', 5, 3),
    normal('b', 7, 17),
  ];
  cases[`repeat ${n}`] = [(x) => repeat(x, n), normal('x', 2, 9)];
  cases[`gatherRows ${n}`] = [(x) => gatherRows(x, Int32Array.from(ids)), normal('x', 5, 2, 9)];
  cases[`takeRows ${n}`] = [(x) => takeRows(x, 2, n), normal('x', 20, 2, 3)];
}

for (const [transposeA, transposeB] of [
  [false, false],
  [false, true],
  [true, false],
  [true, true],
]) {
  const f: Fn = (a, b) => tf.matMul(a, b, transposeA, transposeB);
  const name = `matMul ${transposeA ? 'aT' : 'a'} ${transposeB ? 'bT' : 'b'}`;
  for (const [m, k, n] of [
    [4, 3, 5],
    [1, 700, 9],
    [17, 1100, 33],
    [130, 7, 1],
    [3, 0, 2],
  ]) {
    const a = normal('a', ...(transposeA ? [k, m] : [m, k]));
    const b = normal('b', ...(transposeB ? [n, k] : [k, n]));
    cases[`${name}, ${m} x ${k} x ${n}`] = [f, a, b];
  }
  const [a, b] = [transposeA ? [4, 3] : [3, 4], transposeB ? [5, 4] : [4, 5]];
  cases[`${name}, batches`] = [f, normal('a', 2, 3, ...a), normal('b', 2, 3, ...b)];
}
for (const activation of ['linear', 'relu', 'sigmoid'] as const) {
  cases[`fused matMul, bias and ${activation}`] = [
    (a, b, bias) => tf.fused.matMul({ a: a as tf.Tensor2D, b: b as tf.Tensor2D, bias, activation }),
    ...[normal('a', 6, 4), normal('b', 4, 5), normal('bias', 5)],
  ];
}

for (const axis of [0, 1, 2, 3, -1, [0, 1], [1, 2], [2, 3], [0, 2], [0, 1, 2], [0, 1, 2, 3]]) {
  const x = normal('x', 3, 17, 2, 5);
  cases[`sum over ${axis}`] = [(x) => tf.sum(x, axis), x];
  cases[`mean over ${axis}, axes kept`] = [(x) => tf.mean(x, axis, true), x];
}

for (const [name, f] of Object.entries({ maximum: tf.maximum, minimum: tf.minimum })) {
  cases[name] = [f, normal('a', 3, 5), normal('b', 3, 5)];
  // tfjs has no gradient for what repeats.
  cases[`${name}, a number`] = [(a) => f(a, tf.scalar(0.5)), normal('a', 3, 5)];
}
for (const [name, f] of Object.entries({ add: tf.add, sub: tf.sub, mul: tf.mul, div: tf.div })) {
  for (const [a, b] of [
    [
      [3, 5],
      [3, 5],
    ],
    [[3, 5], []],
    [
      [2, 7, 9],
      [7, 9],
    ],
    [
      [2, 3, 5],
      [3, 5],
    ],
    [[2, 3, 5], [5]],
    [[17], [3, 17]],
    [
      [2, 3, 5],
      [2, 3, 1],
    ],
    [
      [2, 1, 5],
      [2, 3, 1],
    ],
    [
      [4, 1, 1, 6],
      [4, 1, 7, 6],
    ],
    [[0, 5], [5]],
  ]) {
    cases[`${name} [${a}] and [${b}]`] = [f as Fn, normal('a', ...a), normal('b', ...b)];
  }
}

const positive = { shape: [3, 5], values: normal('x', 3, 5).values.map((x) => 0.1 + x * x) };
const unary = { abs: tf.abs, exp: tf.exp, neg: tf.neg, relu: tf.relu, sigmoid: tf.sigmoid };
for (const [name, f] of Object.entries({ ...unary, square: tf.square, tanh: tf.tanh })) {
  cases[name] = [f, normal('x', 3, 5)];
}
for (const [name, f] of Object.entries({ log: tf.log, rsqrt: tf.rsqrt, sqrt: tf.sqrt })) {
  cases[name] = [f, positive];
}
cases['leaky relu, by step'] = [(x) => tf.mul(x, tf.step(x, 0.3)), normal('x', 3, 5)];

cases['slice, middle'] = [(x) => tf.slice(x, [0, 1, 0], [4, 2, 40]), normal('x', 4, 5, 40)];
cases['slice, last axis'] = [(x) => tf.slice(x, [1, 0, 1], [2, 3, 2]), normal('x', 4, 3, 5)];
cases['slice, nothing'] = [(x) => tf.slice(x, [1, 2], [0, 2]), normal('x', 3, 4)];
cases['slice, five axes'] = [
  (x) => tf.slice(x, [0, 1, 0, 1, 0], [2, 1, 2, 1, 3]),
  normal('x', 2, 2, 2, 2, 3),
];
cases.split = [(x) => tf.split(x, [1, 3, 2], -1)[1], normal('x', 3, 6)];
cases.unstack = [(x) => tf.add(tf.unstack(x, 1)[1], 1), normal('x', 3, 4, 2)];
cases.pad = [
  (x) =>
    tf.pad(
      x,
      [
        [1, 0],
        [0, 2],
      ],
      7,
    ),
  normal('x', 3, 4),
];
for (const axis of [0, 1, -1]) {
  cases[`concat over ${axis}`] = [
    (a, b) => tf.concat([a, b, a], axis),
    ...[normal('a', 3, 4, 40), normal('b', 3, 4, 40)],
  ];
}
cases['concat, ragged'] = [
  (a, b, c) => tf.concat([a, b, c], 1),
  ...[normal('a', 3, 2), normal('b', 3, 0), normal('c', 3, 7)],
];
cases.stack = [(a, b) => tf.stack([a, b], 1), normal('a', 3, 2), normal('b', 3, 2)];
cases.transpose = [(x) => tf.transpose(x, [2, 0, 3, 1]), normal('x', 2, 3, 4, 5)];
// As stacked frames are: read along the columns, since its last axis is short.
cases['transpose of frames'] = [(x) => tf.transpose(x, [0, 2, 3, 1]), normal('x', 2, 4, 3, 40)];
cases['transpose of a row'] = [(x) => tf.transpose(x), normal('x', 1, 7)];
cases.tile = [(x) => tf.tile(x, [3, 1, 2]), normal('x', 2, 3, 4)];
cases['tile of single numbers'] = [(x) => tf.tile(x, [2, 1, 5]), normal('x', 2, 3, 1)];
cases.broadcastTo = [(x) => tf.broadcastTo(x, [5, 2, 40]), normal('x', 1, 2, 40)];
cases['gather, last axis'] = [(x) => tf.gather(x, int32([2, 0, 2, 3]), -1), normal('x', 3, 4)];
cases['gather, a matrix of indices'] = [
  (x) => tf.gather(x, int32([0, 1, 2, 2], [2, 2])),
  normal('x', 3, 4),
];
cases.softmax = [(x) => tf.softmax(x), normal('x', 3, 5)];
cases.logSoftmax = [(x) => tf.logSoftmax(x), normal('x', 3, 5)];

const backend = () => tf.backend() as SimdBackend;
const used = () => backend().arena.statistics.used;

describe('the simd backend', () => {
  const expected = new Map<string, Numbers[]>();
  beforeAll(async () => {
    await loadBackend('cpu');
    for (const [name, [f, ...args]] of Object.entries(cases)) {
      expected.set(name, await evaluate(f, args));
    }
  });

  describe.each([
    ['one thread', { threads: 1 }],
    ['two threads, plain SIMD', { threads: 2, build: 'simd' as const }],
  ])('%s', (_, options) => {
    beforeAll(async () => {
      await loadBackend('simd', options);
    });

    it.each(Object.entries(cases))(
      '%s: value and gradients of the cpu backend',
      async (name, [f, ...args]) => {
        expectClose(await evaluate(f, args), expected.get(name)!);
      },
    );

    it('keeps neither tensors nor memory over repeated use', async () => {
      const all = async () => {
        for (const [f, ...args] of Object.values(cases)) await evaluate(f, args);
      };
      await all();
      const before = [tf.memory().numTensors, backend().numDataIds(), used()];
      for (let i = 0; i < 3; i++) await all();
      expect([tf.memory().numTensors, backend().numDataIds(), used()]).toEqual(before);
    });
  });

  it('keeps to its memory over 200 steps of ragged sizes', async () => {
    await loadBackend('simd', { threads: 2 });
    const step = async (n: number) => {
      const f: Fn = (x, w, gain) => {
        const y = linear(rmsNorm(x, gain), w);
        return tf.relu(attention(takeRows(y, 0, n), takeRows(x, 0, n), takeRows(y, 0, n), 2));
      };
      await evaluate(f, [normal('x', 20, 3, 8), normal('w', 8, 8), normal('gain', 8)]);
    };
    for (let n = 1; n <= 20; n++) await step(n);
    const before = { ...tf.memory(), ...backend().arena.statistics };
    for (let i = 0; i < 200; i++) await step(1 + ((7 * i) % 20));
    expect({ ...tf.memory(), ...backend().arena.statistics }).toEqual(before);
  });

  it('gives the same bytes with 1 and 2 threads', async () => {
    const f: Fn = (x, w, gain) =>
      attention(linear(x, w), rmsNorm(x, gain), x, 4, tf.ones([4, 7, 7]));
    const args = [normal('x', 300, 7, 32), normal('w', 32, 32), normal('gain', 32)];
    await loadBackend('simd', { threads: 1 });
    const one = await evaluate(f, args);
    await loadBackend('simd', { threads: 2 });
    expect(await evaluate(f, args)).toEqual(one);
  });

  it('hands out copies, which stay when the tensor goes', async () => {
    const sum = tf.add(tf.ones([64]), 1);
    const [sync, later] = [sum.dataSync(), await sum.data()];
    sum.dispose();
    const other = tf.add(tf.ones([64]), 41);
    expect([sync[5], later[5]]).toEqual([2, 2]);
    expect(other.dataSync()[5]).toBe(42);
    const copy = other.dataSync();
    copy.fill(7);
    expect(other.dataSync()[5]).toBe(42);
  });

  it('moves a tensor into the arena when a kernel first reads it, once', () => {
    const x = tf.tensor(normal('x', 16, 16).values, [16, 16]) as tf.Tensor2D;
    const before = used();
    tf.matMul(x, x).dispose();
    expect(used()).toBe(before + 1024);
    tf.matMul(x, x).dispose();
    expect(used()).toBe(before + 1024);
    x.dispose();
    expect(used()).toBe(before);
  });

  it('keeps shared data until the last of its tensors is disposed', () => {
    const before = used();
    const x = tf.add(tf.ones([6]), 1);
    const clone = tf.clone(x);
    const reshaped = tf.reshape(clone, [2, 3]);
    const turned = tf.transpose(tf.reshape(x, [1, 6]));
    tf.dispose([x, clone]);
    const other = tf.add(tf.ones([6]), 6);
    expect([...reshaped.dataSync()]).toEqual([2, 2, 2, 2, 2, 2]);
    expect([...turned.dataSync()]).toEqual([2, 2, 2, 2, 2, 2]);
    tf.dispose([reshaped, turned, other]);
    expect(used()).toBeLessThanOrEqual(before + 64);
  });

  it('copies the part of its input that a cpu kernel returns', () => {
    const x = tf.add(tf.reshape(tf.range(0, 12), [3, 4]), 0);
    const part = tf.stridedSlice(x, [1, 0], [2, 4]);
    const rows = tf.unstack(x);
    x.dispose();
    tf.add(tf.ones([3, 4]), 99);
    expect([...part.dataSync()]).toEqual([4, 5, 6, 7]);
    expect([...rows[2].dataSync()]).toEqual([8, 9, 10, 11]);
  });

  it('keeps variables through assignment', () => {
    const w = tf.tidy(() => tf.variable(tf.add(tf.ones([4]), 1)));
    const before = used();
    for (let i = 0; i < 5; i++) {
      tf.tidy(() => w.assign(tf.add(w, 1)));
      tf.add(tf.ones([4]), 99).dispose();
    }
    expect([...w.dataSync()]).toEqual([7, 7, 7, 7]);
    expect(used()).toBe(before);
    w.dispose();
  });

  it('counts tensors and bytes as tfjs does', () => {
    const before = tf.memory();
    const x = tf.add(tf.ones([10]), 1);
    const { numTensors, numBytes } = tf.memory();
    expect([numTensors - before.numTensors, numBytes - before.numBytes]).toEqual([2, 80]);
    x.dispose();
    expect(tf.memory().numBytes).toBe(before.numBytes + 40);
  });

  it('lets tensors move to another backend and back, and to one with other options', async () => {
    await loadBackend('simd', { threads: 1 });
    const x = tf.add(tf.ones([8]), 1);
    const held = used();
    await loadBackend('cpu');
    expect(tf.add(x, 1).dataSync()[3]).toBe(3);
    await loadBackend('simd', { threads: 1 });
    expect(used()).toBe(held - 64);
    const y = tf.add(x, 2);
    await loadBackend('simd', { threads: 2 });
    expect(tf.add(tf.add(y, x), 1).dataSync()[3]).toBe(7);
  });

  it('leaves integers to the cpu backend', () => {
    const ints = int32([1, 2, 3, 4], [2, 2]);
    expect(tf.add(ints, ints).dtype).toBe('int32');
    expect([...tf.gather(ints, int32([1])).dataSync()]).toEqual([3, 4]);
    expect([...tf.concat([ints, ints], 1).dataSync()]).toEqual([1, 2, 1, 2, 3, 4, 3, 4]);
    expect([...tf.slice(ints, [1, 0], [1, 2]).dataSync()]).toEqual([3, 4]);
    expect(tf.sum(ints).dtype).toBe('int32');
    expect([...tf.unsortedSegmentSum(ints, int32([1, 1]), 2).dataSync()]).toEqual([0, 0, 4, 6]);
    expect([...linear(ints, tf.ones([2, 1]), tf.ones([1])).dataSync()]).toEqual([4, 8]);
  });

  it('drops segments out of range, and refuses to gather there', () => {
    const sums = tf.unsortedSegmentSum(tf.tensor1d([1, 2, 4]), int32([0, -1, 2]), 2);
    expect([...sums.dataSync()]).toEqual([1, 0]);
    for (const row of [-1, 3]) {
      expect(() => tf.gather(tf.zeros([3, 2]), int32([row]))).toThrow(`in 0..2, got ${row}`);
      const ids = tf.tensor2d([0, row], [1, 2]);
      const tables = [tf.zeros([1, 2]), tf.zeros([3, 2])];
      expect(() => embedFields(ids, tables)).toThrow(`field 1 must be in 0..2, got ${row}`);
    }
  });

  it.each(['cpu', 'simd'] as const)('places rows on %s', async (backend) => {
    await loadBackend(backend);
    const values = [1, 2, 3, 4, 5, 6];
    const place = (from: number[], more?: tf.Tensor) => {
      const x = tf.tensor3d(Float32Array.from(values), [3, 1, 2]);
      return placeRows(x, Int32Array.from(from), more).arraySync();
    };
    const more = tf.tensor3d([7, 8, 9, 0], [2, 1, 2]);
    expect(place([2, 0, 3], more)).toEqual([[[5, 6]], [[1, 2]], [[7, 8]]]);
    expect(place([4, 1, 3], more)).toEqual([[[9, 0]], [[3, 4]], [[7, 8]]]);
    expect(place([0, 1, 2, 3, 4], more)).toEqual([
      [[1, 2]],
      [[3, 4]],
      [[5, 6]],
      [[7, 8]],
      [[9, 0]],
    ]);
    expect(place([1])).toEqual([[[3, 4]]]);
    expect(place([0, 1, 2])).toEqual([[[1, 2]], [[3, 4]], [[5, 6]]]);
    expect(() => place([3])).toThrow(/3/);
  });

  it('writes over rows in their place, and never over the numbers a tensor was made of', () => {
    const given = Float32Array.of(1, 2, 3, 4);
    const x = tf.tensor2d(given, [2, 2]);
    const before = tf.memory().numDataBuffers;
    const placed = placeRows(x, Int32Array.of(0, 2), tf.tensor2d([5, 6], [1, 2]));
    expect(tf.memory().numDataBuffers).toBe(before + 1);
    expect([...placed.dataSync()]).toEqual([1, 2, 5, 6]);
    expect([...given]).toEqual([1, 2, 3, 4]);
    x.dispose();
    expect([...placed.dataSync()]).toEqual([1, 2, 5, 6]);
  });

  it.each(['cpu', 'simd'] as const)('writes rows of a table on %s', async (backend) => {
    await loadBackend(backend);
    const write = (at: number[], ...rows: number[]) => {
      const table = tf.tensor3d([1, 2, 3, 4, 5, 6], [3, 1, 2]);
      const given = tf.tensor3d(rows, [at.length, 1, 2]);
      return [...writeRows(table, Int32Array.from(at), given).dataSync()];
    };
    expect(write([2, 0], 7, 8, 9, 0)).toEqual([9, 0, 3, 4, 7, 8]);
    expect(write([1, 1], 7, 8, 9, 0)).toEqual([1, 2, 9, 0, 5, 6]);
    expect(write([])).toEqual([1, 2, 3, 4, 5, 6]);
    expect(() => write([3], 7, 8)).toThrow('writeRows: expected rows in 0..2, got 3');
    expect(() => write([-1], 7, 8)).toThrow('writeRows: expected rows in 0..2, got -1');
    const narrow = () => writeRows(tf.zeros([3, 2]), Int32Array.of(0), tf.zeros([1, 1]));
    expect(narrow).toThrow('writeRows: rows must have shape [1, 2], got [1, 1]');
  });

  it('writes rows into the memory of the table, and never over the numbers it was made of', () => {
    const given = Float32Array.of(1, 2, 3, 4);
    const table = tf.tensor2d(given, [2, 2]);
    const rows = tf.tensor2d([5, 6], [1, 2]);
    const before = tf.memory().numDataBuffers;
    const written = writeRows(table, Int32Array.of(1), rows);
    expect(tf.memory().numDataBuffers).toBe(before);
    expect([...given]).toEqual([1, 2, 3, 4]);
    table.dispose();
    expect([...written.dataSync()]).toEqual([1, 2, 5, 6]);
  });

  it('lets NaN and infinities through', () => {
    const { NaN: nan, POSITIVE_INFINITY: inf } = Number;
    expect([...tf.relu(tf.tensor([nan, inf, -inf])).dataSync()]).toEqual([nan, inf, 0]);
    expect([...tf.step(tf.tensor([nan, inf, 0, -1])).dataSync()]).toEqual([nan, 1, 0, 0]);
    const x = tf.tensor2d([nan, inf, 1, 2], [2, 2]);
    const y = linear(x, tf.ones([2, 1]), tf.tensor1d([-inf]));
    expect([...y.dataSync()]).toEqual([nan, -inf]);
    expect([...rmsNorm(x, tf.ones([2])).dataSync()].slice(0, 2)).toEqual([nan, nan]);
  });

  it('says what to raise where the arena is too small', async () => {
    await loadBackend('simd', { threads: 1, arenaMiB: 4 });
    const x = tf.ones([1024, 512]) as tf.Tensor2D;
    expect(() => tf.matMul(x, x, false, true)).toThrow(
      /cannot hold 4\.0 MiB more: .* of 4 MiB are free.*; raise kernels\.arenaMiB/,
    );
    expect(tf.add(tf.ones([8]), 1).dataSync()[0]).toBe(2);
  });

  it('tells what it runs on, and can be loaded twice at once', async () => {
    const [one, same] = await Promise.all([loadBackend('simd'), loadBackend('simd')]);
    expect(one).toEqual(same);
    expect(one.device).toMatch(/^CPU, WebAssembly (256-bit|relaxed) SIMD, [1-8] threads?$/);
    const strict = await loadBackend('simd', { threads: 2, build: 'simd' });
    expect(strict).toEqual({
      name: 'simd',
      device: 'CPU, WebAssembly SIMD, 2 threads',
      build: 'simd',
    });
    expect(tf.getBackend()).toBe('simd');
  });

  it('refuses options out of range, and stays what it was', async () => {
    await loadBackend('simd', { threads: 1 });
    await expect(loadBackend('simd', { threads: 0 })).rejects.toThrow('kernels.threads must be');
    await expect(loadBackend('simd', { arenaMiB: 0 })).rejects.toThrow('kernels.arenaMiB must be');
    expect(tf.add(tf.ones([2]), 1).dataSync()[0]).toBe(2);
  });
});
