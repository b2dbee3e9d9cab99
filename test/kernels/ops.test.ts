import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, it } from 'vitest';
import {
  ABSENT,
  attention,
  embed,
  gatherRows,
  linear,
  loadBackend,
  logSigmoid,
  logSoftmax,
  MASKED_LOG_PROB,
  maskedLogSoftmax,
  rmsNorm,
  takeRows,
} from '../../src/kernels/index.ts';
import { attendByHeads } from '../../src/kernels/ops/attention-by-heads.ts';
import { attendByProducts } from '../../src/kernels/ops/attention-by-products.ts';
import { backends } from '../support/backends.ts';
import {
  evaluate,
  expectClose,
  type Fn,
  finiteDifferences,
  type Numbers,
  normal,
} from '../support/numeric.ts';

interface Case {
  readonly f: Fn;
  /** The definition, in the plainest operations. */
  readonly reference: Fn;
  readonly args: Numbers[];
}

const naiveAttention =
  (heads: number): Fn =>
  (q, k, v, bias, mask) => {
    const [batch, , width] = q.shape as number[];
    const split = (x: tf.Tensor) =>
      tf.transpose(tf.reshape(x, [batch, -1, heads, width / heads]), [0, 2, 1, 3]);
    const scores = tf.div(tf.matMul(split(q), split(k), false, true), Math.sqrt(width / heads));
    const biased = bias ? tf.add(scores, bias) : scores;
    const p = tf.softmax(mask ? tf.add(biased, tf.reshape(mask, [batch, 1, 1, -1])) : biased);
    return tf.reshape(tf.transpose(tf.matMul(p, split(v)), [0, 2, 1, 3]), q.shape);
  };

const attentionCase = (
  attend: typeof attention,
  [B, R, S, D, H]: number[],
  withBias = false,
): Case => ({
  f: (q, k, v, bias) => attend(q, k, v, H, bias),
  reference: naiveAttention(H),
  args: [
    normal('q', B, R, D),
    normal('k', B, S, D),
    normal('v', B, S, D),
    ...(withBias ? [normal('bias', H, R, S)] : []),
  ],
});

/** Of two elements, the first of whose keys the second is absent, and of the second all but one. */
const maskedCase = (attend: typeof attention, [R, D, H]: number[]): Case => {
  const mask = () => {
    keptMask ??= tf.keep(
      tf.tensor2d([
        [0, ABSENT, 0, 0.5, 0],
        [ABSENT, ABSENT, ABSENT, 0, ABSENT],
      ]),
    );
    return keptMask;
  };
  return {
    f: (q, k, v) => attend(q, k, v, H, undefined, mask()),
    reference: (q, k, v) => naiveAttention(H)(q, k, v, tf.zeros([H, R, 5]), mask()),
    args: [normal('q', 2, R, D), normal('k', 2, 5, D), normal('v', 2, 5, D)],
  };
};
let keptMask: tf.Tensor2D | undefined;

const linearReference: Fn = (x, w, b) => {
  const flat = tf.reshape(x, [-1, w.shape[0]]) as tf.Tensor2D;
  const y = tf.matMul(flat, w as tf.Tensor2D);
  return tf.reshape(b ? tf.add(y, b) : y, [...x.shape.slice(0, -1), w.shape[1]!]);
};

const ids = [3, 0, 3, 2];
let kept: tf.Tensor1D | undefined;
const idTensor = () => {
  kept ??= tf.keep(tf.tensor1d(ids, 'int32'));
  return kept;
};
const oneHotRows: Fn = (table) => {
  const rows = tf.cast(tf.oneHot(idTensor(), table.shape[0]), 'float32') as tf.Tensor2D;
  const flat = tf.matMul(rows, tf.reshape(table, [table.shape[0], -1]) as tf.Tensor2D);
  return tf.reshape(flat, [ids.length, ...table.shape.slice(1)]);
};

const cases: Record<string, Case> = {
  'linear [4, 3] x [3, 5] + [5]': {
    f: (x, w, b) => linear(x, w, b),
    reference: linearReference,
    args: [normal('x', 4, 3), normal('w', 3, 5), normal('b', 5)],
  },
  'linear without bias, three axes': {
    f: (x, w) => linear(x, w),
    reference: linearReference,
    args: [normal('x', 2, 3, 4), normal('w', 4, 2)],
  },
  'linear, one axis': {
    f: (x, w, b) => linear(x, w, b),
    reference: linearReference,
    args: [normal('x', 4), normal('w', 4, 2), normal('b', 2)],
  },
  'rmsNorm [3, 5]': {
    f: (x, gain) => rmsNorm(x, gain, 0.1),
    reference: (x, gain) =>
      tf.mul(tf.mul(x, gain), tf.rsqrt(tf.add(tf.mean(tf.square(x), -1, true), 0.1))),
    args: [normal('x', 3, 5), normal('gain', 5)],
  },
  'rmsNorm, three axes': {
    f: (x, gain) => rmsNorm(x, gain),
    reference: (x, gain) =>
      tf.mul(tf.mul(x, gain), tf.rsqrt(tf.add(tf.mean(tf.square(x), -1, true), 1e-6))),
    args: [normal('x', 2, 3, 4), normal('gain', 4)],
  },
  'attention, one query': attentionCase(attention, [3, 1, 5, 4, 2]),
  'attention, many queries': attentionCase(attention, [2, 9, 5, 4, 2]),
  'attention by products, bias': attentionCase(attendByProducts, [2, 3, 5, 6, 3], true),
  'attention by products, one head': attentionCase(attendByProducts, [2, 2, 3, 4, 1], true),
  'attention by heads, bias': attentionCase(attendByHeads, [2, 3, 5, 6, 3], true),
  'attention by heads, one key': attentionCase(attendByHeads, [2, 2, 1, 4, 2]),
  'attention, masked': maskedCase(attention, [9, 4, 2]),
  'attention by products, masked': maskedCase(attendByProducts, [2, 6, 3]),
  'attention by heads, masked': maskedCase(attendByHeads, [3, 4, 2]),
  embed: {
    f: (table) => embed(idTensor(), table),
    reference: oneHotRows,
    args: [normal('t', 4, 3)],
  },
  'gatherRows by a typed array': {
    f: (x) => gatherRows(x, Int32Array.from(ids)),
    reference: oneHotRows,
    args: [normal('x', 4, 2, 3)],
  },
  'gatherRows by a tensor': {
    f: (x) => gatherRows(x, idTensor()),
    reference: oneHotRows,
    args: [normal('x', 5, 40)],
  },
  takeRows: {
    f: (x) => takeRows(x, 1, 2),
    reference: (x) => tf.stack(tf.unstack(x).slice(1, 3)),
    args: [normal('x', 4, 2, 3)],
  },
  logSoftmax: {
    f: (x) => logSoftmax(x),
    reference: (x) => tf.log(tf.softmax(x)),
    args: [normal('x', 3, 4)],
  },
  'maskedLogSoftmax without mask': {
    f: (x) => maskedLogSoftmax(x),
    reference: (x) => tf.log(tf.softmax(x)),
    args: [normal('x', 3, 4)],
  },
  logSigmoid: {
    f: (x) => logSigmoid(x),
    reference: (x) => tf.log(tf.sigmoid(x)),
    args: [normal('x', 3, 4)],
  },
};

describe.each(backends('cpu', 'wasm', 'simd'))('on %s', (backend) => {
  beforeAll(async () => {
    await loadBackend(backend);
  });

  describe.each(Object.entries(cases))('%s', (_name, { f, reference, args }) => {
    it('is its definition, in value and gradients', async () => {
      expectClose(await evaluate(f, args), await evaluate(reference, args));
    });

    it('has the gradients of finite differences', async () => {
      const [, ...gradients] = await evaluate(f, args);
      expectClose(gradients, await finiteDifferences(f, args), 5e-3);
    });

    it('leaves no tensor behind', async () => {
      await evaluate(f, args);
      const before = tf.memory().numTensors;
      await evaluate(f, args);
      expect(tf.memory().numTensors).toBe(before);
      const inputs = args.map(({ shape, values }) => tf.tensor(values, shape));
      f(...inputs).dispose();
      tf.dispose(inputs);
      expect(tf.memory().numTensors).toBe(before);
    });
  });

  it('linear: by hand', async () => {
    const y = linear(
      tf.tensor([[1, 2]]),
      tf.tensor([
        [1, 10, 100],
        [2, 20, 200],
      ]),
      tf.tensor([1, 2, 3]),
    );
    expect([...(await y.data())]).toEqual([6, 52, 503]);
  });

  it('rmsNorm: by hand', async () => {
    const y = rmsNorm(tf.tensor([[3, 4]]), tf.tensor([1, 2]), 0);
    const rms = Math.sqrt(12.5);
    expectClose(
      [{ shape: [1, 2], values: await y.data<'float32'>() }],
      [{ shape: [1, 2], values: Float32Array.of(3 / rms, 8 / rms) }],
    );
  });

  it('maskedLogSoftmax: log-probabilities over what is allowed, and no gradient elsewhere', async () => {
    const mask = tf.tensor2d([
      [1, 0, 1],
      [0, 1, 0],
    ]);
    const [value, gradient] = await evaluate(
      (x) => maskedLogSoftmax(x, mask),
      [{ shape: [2, 3], values: Float32Array.of(1, 500, 2, -3, 4, 5) }],
    );
    const logSum = Math.log(Math.E + Math.E ** 2);
    const expected = [1 - logSum, MASKED_LOG_PROB, 2 - logSum, MASKED_LOG_PROB, 0, MASKED_LOG_PROB];
    for (const [i, want] of expected.entries()) expect(value.values[i]).toBeCloseTo(want, 5);
    for (const i of [1, 3, 5]) expect(gradient.values[i]).toBe(0);
    expect(gradient.values[4]).toBeCloseTo(0, 6);
    const dy = normal('dy', 2, 3).values;
    const p0 = Math.exp(1 - logSum);
    expect(gradient.values[0]).toBeCloseTo(dy[0] - p0 * (dy[0] + dy[2]), 5);
    const bool = maskedLogSoftmax(tf.zeros([2, 3]), tf.cast(mask, 'bool'));
    expect((await bool.data())[0]).toBeCloseTo(-Math.log(2), 6);
  });

  it('logSoftmax and logSigmoid are finite far out', async () => {
    const rows = await logSoftmax(
      tf.tensor([
        [1e4, 0],
        [-1e4, 0],
      ]),
    ).data();
    expect([...rows]).toEqual([0, -1e4, -1e4, 0]);
    const [value, gradient] = await evaluate(logSigmoid, [
      { shape: [5], values: Float32Array.of(-1e4, -20, 0, 20, 1e4) },
    ]);
    const dy = normal('dy', 5).values;
    const values = [-1e4, -20, -Math.LN2, -Math.exp(-20), 0];
    const slopes = [1, 1, 0.5, Math.exp(-20), 0];
    for (let i = 0; i < 5; i++) {
      expect(value.values[i]).toBeCloseTo(values[i], 6);
      expect(gradient.values[i]).toBeCloseTo(slopes[i] * dy[i], 6);
    }
  });

  it('attention: a decisive score selects its value', async () => {
    const q = tf.tensor([[[100, 0]]]);
    const k = tf.tensor([
      [
        [0, 1],
        [1, 0],
        [-1, 0],
      ],
    ]);
    const v = tf.tensor([
      [
        [1, 2],
        [3, 4],
        [5, 6],
      ],
    ]);
    expect([...(await attention(q, k, v, 1).data())]).toEqual([3, 4]);
  });

  it('names what is wrong with a shape', () => {
    const x = tf.zeros([2, 3]);
    expect(() => linear(x, tf.zeros([4, 2]))).toThrow(
      'linear: w must have shape [3, 2], got [4, 2]',
    );
    expect(() => linear(x, tf.zeros([3, 2]), tf.zeros([3]))).toThrow(
      'linear: b must have shape [2]',
    );
    expect(() => rmsNorm(x, tf.zeros([2]))).toThrow('rmsNorm: gain must have shape [3], got [2]');
    expect(() => maskedLogSoftmax(x, tf.zeros([2, 2]))).toThrow('mask must have shape [2, 3]');
    const [q, k] = [tf.zeros([2, 1, 4]), tf.zeros([2, 3, 4])];
    expect(() => attention(q, k, tf.zeros([2, 2, 4]), 2)).toThrow('v must have shape [2, 3, 4]');
    expect(() => attention(q, k, k, 3)).toThrow('heads must divide D = 4, got 3');
    expect(() => attention(q, k, k, 2, tf.zeros([2, 3, 1]))).toThrow(
      'bias must have shape [2, 1, 3]',
    );
    expect(() => attention(q, k, k, 2, undefined, tf.zeros([3, 2]))).toThrow(
      'mask must have shape [2, 3]',
    );
  });
});
