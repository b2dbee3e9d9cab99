import { beforeAll, describe, expect, it } from 'vitest';
import { Rng } from '../../../src/kernels/index.ts';
import { adam, squareSum } from '../../../src/kernels/simd/kernels/adam.ts';
import { add } from '../../../src/kernels/simd/kernels/add.ts';
import { attention, attentionGrad } from '../../../src/kernels/simd/kernels/attention.ts';
import { laneSum } from '../../../src/kernels/simd/kernels/lane-sum.ts';
import { matMul } from '../../../src/kernels/simd/kernels/mat-mul.ts';
import { rmsNorm, rmsNormGrad } from '../../../src/kernels/simd/kernels/rms-norm.ts';
import { rows, rowsGrad } from '../../../src/kernels/simd/kernels/rows.ts';
import { LANES } from '../../../src/kernels/simd/runtime/constants.ts';
import {
  codes,
  expectNear,
  expectSameBits,
  KernelHarness,
  Output,
} from '../../support/kernel-harness.ts';
import * as reference from '../../support/kernel-reference.ts';

const sizes = [0, 1, 3, 4, 5, 7, 8, 17, 1000];

/** Standard normal numbers, the same for a label. */
function normal(label: string, n: number): Float32Array {
  const rng = Rng.seed(11, label);
  return Float32Array.from({ length: n }, () => rng.normal());
}

/** Positive numbers. */
const positive = (label: string, n: number) => normal(label, n).map((x) => Math.abs(x) + 0.1);

function indices(label: string, n: number, size: number): Int32Array {
  const rng = Rng.seed(13, label);
  return Int32Array.from({ length: n }, () => rng.int(size));
}

/** A copy with NaN, Infinity and -Infinity at those places. */
function withSpecials(x: Float32Array, ...places: number[]): Float32Array {
  const copy = x.slice();
  for (const [i, place] of places.entries()) copy[place] = [NaN, Infinity, -Infinity][i % 3];
  return copy;
}

describe.each(codes)('%s', (code) => {
  let kernels: KernelHarness;
  beforeAll(() => {
    kernels = new KernelHarness(code);
  });

  describe('matMul', () => {
    interface Options extends reference.MatMulShape, reference.MatMulExtras {}

    function multiply(a: Float32Array, b: Float32Array, options: Options): Float32Array {
      const { M, K, N, transA = false, transB = false, bias, y, relu = false } = options;
      const accumulate = y !== undefined;
      return kernels.call(matMul, {
        y: new Output(y ?? M * N),
        ...{ a, b, bias, M, K, N, transA, transB, accumulate, relu },
      }).y;
    }

    function check(options: Options, a?: Float32Array, b?: Float32Array): void {
      const { M, K, N } = options;
      a ??= normal('a', M * K);
      b ??= normal('b', K * N);
      const want = reference.matMul(a, b, options, options);
      expectNear(multiply(a, b, options), want, 1e-5 * (1 + Math.sqrt(K)));
    }

    const small = [0, 1, 3, 4, 5, 7, 8, 17];
    it.each(small)('%i rows by any depth and columns', (M) => {
      for (const K of small) for (const N of small) check({ M, K, N });
    });

    it.each([
      [true, false],
      [false, true],
      [true, true],
    ])('transposed: a %s, b %s', (transA, transB) => {
      for (const M of [0, 1, 4, 7, 17]) {
        for (const K of small) for (const N of small) check({ M, K, N, transA, transB });
      }
    });

    it.each([
      { M: 33, K: 64, N: 256 },
      { M: 16, K: 300, N: 40 },
      { M: 1, K: 600, N: 70 },
      { M: 20, K: 600, N: 61 },
      { M: 18, K: 300, N: 1000 },
      { M: 61, K: 600, N: 20, transA: true },
      { M: 21, K: 520, N: 970, transB: true },
    ])('in blocks: %o', (shape) => {
      const { M, N } = shape;
      check(shape);
      check({ ...shape, bias: normal('bias', N), y: normal('y', M * N), relu: true });
    });

    it.each([1, 5, 17, 22])('bias, accumulation and relu, %i rows', (M) => {
      for (const [K, N] of [
        [0, 9],
        [5, 3],
        [6, 16],
        [300, 13],
      ]) {
        const bias = normal('bias', N);
        const y = normal('y', M * N);
        check({ M, K, N, bias });
        check({ M, K, N, y });
        check({ M, K, N, relu: true });
        check({ M, K, N, bias, y, relu: true });
        check({ M, K, N, bias, y, relu: true, transA: true });
      }
    });

    it.each([2, 18])('NaN and infinities stay in their rows and columns, %i rows', (M) => {
      const [K, N] = [9, 11];
      const a = withSpecials(normal('a', M * K), 3, 12);
      const b = withSpecials(normal('b', K * N), 0, 12, 25, 35);
      check({ M, K, N, relu: true }, a, normal('b', K * N));
      check({ M, K, N, bias: normal('bias', N) }, normal('a', M * K), b);
      check({ M, K, N, transB: true }, a, b);
    });

    it('a row is the same bits alone and among others', () => {
      const [M, K, N] = [30, 300, 45];
      const a = normal('a', M * K);
      const b = normal('b', K * N);
      const bias = normal('bias', N);
      const all = multiply(a, b, { M, K, N, bias });
      for (const rows of [1, 2, 3, 6]) {
        const few = multiply(a.subarray(0, rows * K), b, { M: rows, K, N, bias });
        expectSameBits(few, all.subarray(0, rows * N));
      }
    });

    it.each([
      { M: 5, K: 0, N: 3 },
      { M: 5, K: 100, N: 3 },
      { M: 12, K: 700, N: 17 },
      { M: 48, K: 2500, N: 24 },
    ])('in lanes: %o', ({ M, K, N }) => {
      const x = normal('a', M * K);
      const b = normal('b', K * N);
      for (const transA of [true, false]) {
        const { lanes } = kernels.call(matMul, {
          ...{ y: new Output(0), a: x, b, M, K, N, transA, transB: false, accumulate: false },
          ...{ relu: false, lanes: new Output(LANES * M * N) },
        });
        const want = reference.matMul(x, b, { M, K, N, transA });
        expectNear(reference.laneSum(lanes), want, 1e-5 * (1 + Math.sqrt(K)));
      }
    });
  });

  it.each(sizes)('laneSum, %i numbers', (n) => {
    const lanes = normal('lanes', LANES * n);
    const y = normal('y', n);
    const sum = kernels.call(laneSum, { y: new Output(n), lanes, n, accumulate: false });
    expectNear(sum.y, reference.laneSum(lanes));
    const added = kernels.call(laneSum, { y: new Output(y), lanes, n, accumulate: true });
    expectNear(added.y, reference.laneSum(lanes, y));
  });

  describe('rmsNorm', () => {
    const eps = 1e-6;

    function check(x: Float32Array, D: number): void {
      const rows = x.length / D;
      const gain = normal('gain', D);
      const residual = normal('residual', x.length);
      for (const added of [undefined, residual]) {
        const { y, r } = kernels.call(rmsNorm, {
          ...{ y: new Output(x.length), r: new Output(rows), x, gain, rows, D, eps },
          residual: added,
        });
        const want = reference.rmsNorm(x, gain, eps, added);
        expectNear(r, want.r);
        expectNear(y, want.y);
      }
    }

    function checkGrad(dy: Float32Array, x: Float32Array, D: number): void {
      const rows = x.length / D;
      const gain = normal('gain', D);
      const { r } = reference.rmsNorm(x, gain, eps);
      for (const dx of [undefined, normal('dx', x.length)]) {
        const got = kernels.call(rmsNormGrad, {
          ...{ dx: new Output(dx ?? x.length), dgain: new Output(LANES * D), dy, x, r, gain },
          ...{ rows, D, accumulate: dx !== undefined },
        });
        const want = reference.rmsNormGrad(dy, x, r, gain, dx);
        expectNear(got.dx, want.dx);
        expectNear(reference.laneSum(got.dgain), want.dgain, 1e-4);
      }
    }

    it.each([4, 8, 12, 20, 64])('width %i', (D) => {
      for (const rows of [0, 1, 3, 17, 150]) {
        check(normal('x', rows * D), D);
        // Near 0 a single number has a gradient that no float32 holds.
        const x = normal('x', rows * D).map((value) => value + 0.1 * Math.sign(value));
        checkGrad(normal('dy', rows * D), x, D);
      }
    });

    it('NaN and infinities stay in their rows', () => {
      const D = 8;
      check(withSpecials(normal('x', 6 * D), 2, 9, 20), D);
      checkGrad(withSpecials(normal('dy', 6 * D), 2, 9, 20), normal('x', 6 * D), D);
      checkGrad(normal('dy', 6 * D), withSpecials(normal('x', 6 * D), 2), D);
    });
  });

  describe('attention', () => {
    interface Inputs {
      q: Float32Array;
      k: Float32Array;
      v: Float32Array;
      dy: Float32Array;
      bias: Float32Array;
    }

    function inputs({ B, R, S, H, D }: reference.AttentionShape): Inputs {
      return {
        q: normal('q', B * R * D),
        k: normal('k', B * S * D),
        v: normal('v', B * S * D),
        dy: normal('dy', B * R * D),
        bias: normal('bias', H * R * S),
      };
    }

    function check(shape: reference.AttentionShape, changes: Partial<Inputs> = {}): void {
      const { B, R, S, H, D } = shape;
      const { q, k, v, dy, bias } = { ...inputs(shape), ...changes };
      for (const added of [undefined, bias]) {
        const { y, probs } = kernels.call(attention, {
          ...{ y: new Output(B * R * D), probs: new Output(B * H * R * S), q, k, v },
          ...{ bias: added, B, R, S, H, D },
        });
        const want = reference.attention(q, k, v, shape, added);
        expectNear(probs, want.probs);
        expectNear(y, want.y);
      }

      const { probs } = reference.attention(q, k, v, shape, bias);
      const want = reference.attentionGrad(dy, probs, q, k, v, shape);
      const tolerance = 1e-5 * (1 + Math.sqrt(R + S));
      for (const old of [undefined, { dk: normal('dk', k.length), dv: normal('dv', k.length) }]) {
        const { dq, dk, dv, dbias } = kernels.call(attentionGrad, {
          ...{ dq: new Output(q.length), dk: new Output(old?.dk ?? k.length) },
          ...{ dv: new Output(old?.dv ?? k.length), dbias: new Output(LANES * bias.length) },
          ...{ dy, probs, q, k, v, B, R, S, H, D, accumulate: old !== undefined },
        });
        const plus = (x: Float32Array, y?: Float32Array) =>
          x.map((value, i) => value + (y?.[i] ?? 0));
        expectNear(dq, want.dq, tolerance);
        expectNear(dk, plus(want.dk, old?.dk), tolerance);
        expectNear(dv, plus(want.dv, old?.dv), tolerance);
        expectNear(reference.laneSum(dbias), want.dbias, tolerance);
      }
    }

    it.each([0, 1, 3, 4, 5, 7, 8, 17, 70])('%i keys', (S) => {
      for (const R of [1, 4, 7]) check({ B: 2, R, S, H: 2, D: 8 });
    });

    it.each([1, 3, 4, 5, 7, 8, 12, 17, 32])('heads of width %i', (width) => {
      for (const R of [1, 5]) check({ B: 1, R, S: 6, H: 3, D: 3 * width });
    });

    it.each([0, 1, 9, 19])('batch of %i', (B) => check({ B, R: 2, S: 5, H: 2, D: 8 }));

    it.each([0, 1, 5, 64, 70, 130])('%i queries', (R) => check({ B: 1, R, S: 9, H: 1, D: 10 }));

    it('so many keys that the gradient works on fewer queries at a time', () => {
      check({ B: 1, R: 5, S: 65_539, H: 1, D: 1 });
    });

    it('no gradient to a bias that is absent', () => {
      const shape = { B: 3, R: 2, S: 5, H: 2, D: 8 };
      const { q, k, v, dy } = inputs(shape);
      const { probs } = reference.attention(q, k, v, shape);
      const { dq } = kernels.call(attentionGrad, {
        ...{ dq: new Output(q.length), dk: new Output(k.length), dv: new Output(v.length) },
        ...{ dy, probs, q, k, v, ...shape, accumulate: false },
      });
      expectNear(dq, reference.attentionGrad(dy, probs, q, k, v, shape).dq);
    });

    it.each([4, 6])('NaN and infinities, %i keys', (S) => {
      const shape = { B: 2, R: 5, S, H: 2, D: 12 };
      const { q, k, v, dy, bias } = inputs(shape);
      check(shape, { q: withSpecials(q, 3, 20, 40) });
      check(shape, { k: withSpecials(k, 3) });
      check(shape, { v: withSpecials(v, 3, 40) });
      check(shape, { dy: withSpecials(dy, 3, 20, 40) });
      // A masked key has no weight; a query with no key at all has no answer.
      const masked = bias.slice().fill(-Infinity, 1, 3);
      check(shape, { bias: masked.fill(-Infinity, 2 * S, 3 * S) });
    });

    it('scores far apart neither overflow nor underflow into NaN', () => {
      const shape = { B: 1, R: 4, S: 7, H: 1, D: 4 };
      const { q, bias } = inputs(shape);
      check(shape, { q: q.map((x) => 50 * x), bias: bias.map((x) => 50 * x) });
    });

    it('exp within 2 units in the last place', () => {
      // With scores 0 and -d, 17 <= d, the weights are 1 and exp(-d) exactly.
      const smallest = 87.33;
      const R = 20_000;
      const d = Float32Array.from({ length: R }, (_, i) => 17 + ((smallest - 17) * i) / R);
      const bias = Float32Array.from({ length: 2 * R }, (_, i) => (i % 2 ? -d[i >> 1] : 0));
      const zero = new Float32Array(R);
      const { probs } = kernels.call(attention, {
        ...{ y: new Output(R), probs: new Output(2 * R), q: zero },
        ...{ k: new Float32Array(2), v: new Float32Array(2), bias, B: 1, R, S: 2, H: 1, D: 1 },
      });
      let worst = 0;
      for (let i = 0; i < R; i++) {
        const want = Math.exp(-d[i]);
        const unit = 2 ** (Math.floor(Math.log2(want)) - 23);
        worst = Math.max(worst, Math.abs(probs[2 * i + 1] - want) / unit);
      }
      expect(worst).toBeLessThanOrEqual(2);
    });

    it('exp of what is below the normal numbers is 0', () => {
      const bias = Float32Array.of(0, -87.34, -100, -1e4, -3e38, -Infinity);
      const { probs } = kernels.call(attention, {
        ...{ y: new Output(1), probs: new Output(6), q: new Float32Array(1) },
        ...{ k: new Float32Array(6), v: new Float32Array(6), bias, B: 1, R: 1, S: 6, H: 1, D: 1 },
      });
      expectSameBits(probs, Float32Array.of(1, 0, 0, 0, 0, 0));
    });
  });

  it.each([1, 3, 4, 5, 7, 8, 17])('rows, width %i', (width) => {
    const x = withSpecials(normal('table', 9 * width), 0);
    for (const n of sizes) {
      const ids = indices('ids', n, 9);
      const { y } = kernels.call(rows, { y: new Output(n * width), x, indices: ids, n, width });
      expectSameBits(y, reference.rows(x, ids, width));
    }
  });

  it.each([1, 3, 4, 5, 7, 8, 17])('rowsGrad, width %i', (width) => {
    for (const n of [0, 1, 7, 200]) {
      const ids = indices('ids', n, 9);
      const dy = normal('dy', n * width);
      const { dx } = kernels.call(rowsGrad, {
        ...{ dx: new Output(9 * width), dy, indices: ids, n, width, size: 9 },
      });
      expectNear(dx, reference.rowsGrad(dy, ids, width, 9));
    }
  });

  it.each(sizes.filter((n) => n > 0))('add, rows of %i numbers', (n) => {
    for (const rows of [0, 1, 2, 7]) {
      const a = withSpecials(normal('a', rows * n), 0, 1, 2);
      const b = withSpecials(normal('b', n), 0, 3, 2);
      const { y } = kernels.call(add, { y: new Output(rows * n), a, b, rows, n });
      expectSameBits(y, reference.add(a, b));
    }
  });

  describe('adam', () => {
    const numbers = {
      learningRate: 3e-4,
      beta1: 0.9,
      beta2: 0.999,
      epsilon: 1e-8,
      correction1: 1 - 0.9 ** 3,
      correction2: 1 - 0.999 ** 3,
      clip: 0.5,
    };

    function check(p: Float32Array, g: Float32Array, m: Float32Array, v: Float32Array): void {
      const rounded = Object.fromEntries(
        Object.entries(numbers).map(([name, value]) => [name, Math.fround(value)]),
      ) as typeof numbers;
      const { learningRate: lr, epsilon: eps, ...others } = rounded;
      const got = kernels.call(adam, {
        ...{ p: new Output(p), g, m: new Output(m), v: new Output(v), n: p.length },
        ...{ lr, eps, ...others },
      });
      const want = reference.adam(p, g, m, v, rounded);
      expectNear(got.m, want.m, 1e-6);
      expectNear(got.v, want.v, 1e-6);
      expectNear(got.p, want.p, 1e-6);
    }

    it.each(sizes)('%i numbers', (n) => {
      check(normal('p', n), normal('g', n), normal('m', n), positive('v', n));
    });

    it('the first step is the learning rate, whatever the size of the gradient', () => {
      const g = Float32Array.of(1e-3, -1, 1e3, 5, -7);
      const zero = () => new Output(new Float32Array(5));
      const { p } = kernels.call(adam, {
        ...{ p: zero(), g, m: zero(), v: zero(), n: 5, lr: 0.25, beta1: 0.9, beta2: 0.999, eps: 0 },
        ...{ correction1: 1 - 0.9, correction2: 1 - 0.999, clip: 1 },
      });
      expectNear(p, Float32Array.of(-0.25, 0.25, -0.25, -0.25, 0.25), 1e-5);
    });

    it('NaN and infinities stay where they are', () => {
      const g = withSpecials(normal('g', 9), 0, 3, 8);
      check(normal('p', 9), g, normal('m', 9), positive('v', 9));
    });
  });

  it.each([...sizes, 20_001])('squareSum, %i numbers', (n) => {
    const sum = (x: Float32Array) => {
      const { lanes } = kernels.call(squareSum, { lanes: new Output(2 * LANES), x, n });
      return new Float64Array(lanes.buffer).reduce((a, b) => a + b, 0);
    };
    const x = normal('x', n);
    const want = reference.squareSum(x);
    expect(Math.abs(sum(x) - want)).toBeLessThanOrEqual(1e-12 * want);
    if (n > 2) {
      expect(sum(withSpecials(x, 2))).toBe(NaN);
      x[1] = -Infinity;
      expect(sum(x)).toBe(Infinity);
    }
  });
});
