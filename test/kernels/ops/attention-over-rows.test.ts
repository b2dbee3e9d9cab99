import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, it } from 'vitest';
import {
  type BlockWeights,
  loadBackend,
  type Memory,
  transformerBlock,
} from '../../../src/kernels/index.ts';
import { backends } from '../../support/backends.ts';
import { evaluate, expectClose, type Numbers, normal } from '../../support/numeric.ts';

const [B, R, S, D, F, H, M, L] = [4, 2, 3, 4, 8, 2, 9, 5];
/** Overlapping, of full length, empty, at the end of the table. */
const ranges = { begin: Int32Array.of(0, 1, 4, 7), end: Int32Array.of(3, 6, 4, 9) };

const weights = (): Record<string, Numbers> => ({
  attentionBefore: normal('attentionBefore', D),
  attentionAfter: normal('attentionAfter', D),
  forwardBefore: normal('forwardBefore', D),
  forwardAfter: normal('forwardAfter', D),
  query: normal('query', D, D),
  out: normal('out', D, D),
  inner: normal('inner', D, F),
  innerBias: normal('innerBias', F),
  outer: normal('outer', F, D),
});

const tensors = { x: normal('x', B, R, D), k: normal('k', B, S, D), v: normal('v', B, S, D) };
const memory = { K: normal('K', M, D), V: normal('V', M, D), far: normal('far', H, L) };
const all: Record<string, Numbers> = { ...tensors, ...memory, ...weights() };
const named = (given: tf.Tensor[]) =>
  Object.fromEntries(Object.keys(all).map((name, i) => [name, given[i]]));

/** Element by element: the rows of its range are further keys of its context, and the bias says how far they are. */
function byContext(...given: tf.Tensor[]): tf.Tensor {
  const { x, k, v, K, V, far, ...w } = named(given);
  const outputs = Array.from({ length: B }, (_, b) => {
    const [begin, length] = [ranges.begin[b], ranges.end[b] - ranges.begin[b]];
    const one = (tensor: tf.Tensor) => tf.slice(tensor, b, 1);
    const after = (own: tf.Tensor, rows: tf.Tensor) =>
      tf.concat([one(own), tf.expandDims(tf.slice(rows, begin, length), 0)], 1);
    const bias = tf.concat([tf.zeros([H, S]), tf.slice(far, [0, L - length], [H, length])], 1);
    const block = {
      weights: w as unknown as BlockWeights,
      context: { k: after(k, K), v: after(v, V) },
      bias: tf.tile(tf.expandDims(bias, 1), [1, R, 1]),
    };
    return transformerBlock(one(x), block, H);
  });
  return tf.concat(outputs, 0);
}

function byRanges(...given: tf.Tensor[]): tf.Tensor {
  const { x, k, v, K, V, far, ...w } = named(given);
  const weights = w as unknown as BlockWeights;
  const memory = { k: K, v: V, bias: far };
  return transformerBlock(x, { weights, context: { k, v }, memory, ranges }, H);
}

describe.each(backends('cpu', 'wasm', 'simd'))('attention over rows on %s', (backend) => {
  beforeAll(() => loadBackend(backend));

  it('is attention to the rows of a range as further keys, with its gradients', async () => {
    const numbers = Object.values(all);
    expectClose(await evaluate(byRanges, numbers), await evaluate(byContext, numbers), 1e-5);
  });

  it.each([
    ['longer than L', [0, 6], 'range 0: expected at most 5 of 9 rows, got 0 to 6'],
    ['beyond the table', [7, 10], 'range 0: expected at most 5 of 9 rows, got 7 to 10'],
    ['that falls', [3, 2], 'range 0: expected at most 5 of 9 rows, got 3 to 2'],
  ])('refuses a range %s', (_, [begin, end], problem) => {
    const given = Object.values(all).map(({ shape, values }) => tf.tensor(values, shape));
    const { x, K, V, far, ...w } = named(given);
    const memory: Memory = { k: K, v: V, bias: far };
    const one = { begin: Int32Array.of(begin), end: Int32Array.of(end) };
    const weights = w as unknown as BlockWeights;
    expect(() => transformerBlock(tf.slice(x, 0, 1), { weights, memory, ranges: one }, H)).toThrow(
      new RangeError(`attendOverRows: ${problem}`),
    );
    tf.dispose(given);
  });
});
