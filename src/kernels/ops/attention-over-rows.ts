import * as tf from '@tensorflow/tfjs-core';
import { assertShape } from '../common/checks.ts';
import { ABSENT } from './attention.ts';
import { gatherRows } from './rows.ts';

/** For each element of a batch, the rows `begin`..`end − 1` of a table [B]; none where both are the same. */
export interface Ranges {
  readonly begin: Int32Array;
  readonly end: Int32Array;
}

/** Keys and values that the elements of a batch share: each attends to a range of their rows. */
export interface Memory {
  /** [M, D] */
  k: tf.Tensor;
  /** [M, D] */
  v: tf.Tensor;
  /** Added to the scores by distance [H, L]: the last number for the last row of a range, the one before it for the row before. */
  bias: tf.Tensor;
}

/** The ranges of the first n elements. */
export function firstRanges({ begin, end }: Ranges, n: number): Ranges {
  return { begin: begin.subarray(0, n), end: end.subarray(0, n) };
}

/** @throws RangeError where a range is not in the table, or is longer than L */
export function assertRanges(
  fn: string,
  { begin, end }: Ranges,
  batch: number,
  { k, v, bias }: Memory,
): void {
  const [rows, width] = k.shape;
  assertShape(fn, 'memory.v', v, [rows, width!]);
  const most = bias.shape[1]!;
  if (begin.length !== batch || end.length !== batch) {
    throw new RangeError(`${fn}: expected ${batch} ranges, got ${begin.length}`);
  }
  for (let b = 0; b < batch; b++) {
    const inside = begin[b] >= 0 && begin[b] <= end[b] && end[b] <= rows;
    if (inside && end[b] - begin[b] <= most) continue;
    throw new RangeError(
      `${fn}: range ${b}: expected at most ${most} of ${rows} rows, got ${begin[b]} to ${end[b]}`,
    );
  }
}

/**
 * Attention of each element's queries to keys of its own and to a range of the rows of a table, with one softmax over both:
 *
 *     softmax([q·kᵀ / √(D/H) + bias + mask, q·Kᵀ / √(D/H) + B]) · [v, V]
 *
 * where K and V are the rows of the range and B[h, s] = memory.bias[h, L − (end − s)]. It is the definition: it compares each
 * query with the whole table. The fused kernels read a range alone.
 *
 * @param q queries [B, R, D]
 * @param own keys and values of each element [B, S, D]; undefined for none
 * @param heads number of heads (H), which divides D
 * @param bias added to the scores of `own` [H, R, S]
 * @param mask added to the scores of `own` [B, S]
 * @returns [B, R, D]
 */
export function attendOverRows(
  q: tf.Tensor,
  own: { k: tf.Tensor; v: tf.Tensor } | undefined,
  heads: number,
  bias: tf.Tensor | undefined,
  mask: tf.Tensor | undefined,
  memory: Memory,
  ranges: Ranges,
): tf.Tensor {
  const [batch, , width] = q.shape as number[];
  assertRanges('attendOverRows', ranges, batch, memory);
  const headWidth = width / heads;
  /** [B, N, D] -> [B, H, N, D/H] */
  const split = (x: tf.Tensor) =>
    tf.transpose(tf.reshape(x, [batch, -1, heads, headWidth]), [0, 2, 1, 3]);
  /** [M, D] -> [1, H, M, D/H] */
  const splitRows = (x: tf.Tensor) =>
    tf.transpose(tf.reshape(x, [1, -1, heads, headWidth]), [0, 2, 1, 3]);
  const qh = tf.mul(split(q), 1 / Math.sqrt(headWidth));
  const rowBias = biasOf(memory, ranges);
  const shared = splitRows(memory.k);
  const ofRows = tf.add(productOfAll(qh, shared, true), rowBias);
  if (own === undefined) {
    return join(productOfAll(tf.softmax(ofRows), splitRows(memory.v), false), batch, width);
  }
  const ofOwn = tf.matMul(qh, split(own.k), false, true);
  const biased = bias ? tf.add(ofOwn, bias) : ofOwn;
  const masked = mask ? tf.add(biased, tf.reshape(mask, [batch, 1, 1, -1])) : biased;
  const p = tf.softmax(tf.concat([masked, ofRows], 3));
  const keys = own.k.shape[1]!;
  const [pOwn, pRows] = tf.split(p, [keys, memory.k.shape[0]], 3);
  const read = tf.add(
    tf.matMul(pOwn, split(own.v)),
    productOfAll(pRows, splitRows(memory.v), false),
  );
  return join(read, batch, width);
}

/** x [B, H, R, N] times what all elements share [1, H, …]. */
function productOfAll(x: tf.Tensor, shared: tf.Tensor, transposed: boolean): tf.Tensor {
  const [batch, heads, queries, size] = x.shape as number[];
  const rows = tf.reshape(tf.transpose(x, [1, 0, 2, 3]), [heads, batch * queries, size]);
  const product = tf.matMul(rows, tf.squeeze(shared, [0]), false, transposed);
  return tf.transpose(tf.reshape(product, [heads, batch, queries, -1]), [1, 0, 2, 3]);
}

function join(x: tf.Tensor, batch: number, width: number): tf.Tensor {
  return tf.reshape(tf.transpose(x, [0, 2, 1, 3]), [batch, -1, width]);
}

/** The bias of each row by distance, `ABSENT` outside the range [B, H, 1, M]. */
function biasOf({ k, bias }: Memory, { begin, end }: Ranges): tf.Tensor {
  const [batch, rows] = [begin.length, k.shape[0]];
  const [heads, most] = bias.shape as number[];
  const index = new Int32Array(batch * rows);
  const outside = new Float32Array(batch * rows).fill(ABSENT);
  for (let b = 0; b < batch; b++) {
    for (let s = begin[b]; s < end[b]; s++) {
      index[b * rows + s] = most - (end[b] - s);
      outside[b * rows + s] = 0;
    }
  }
  const found = gatherRows(tf.transpose(bias), index); // [B·M, H]
  const byRow = tf.transpose(tf.reshape(found, [batch, rows, heads]), [0, 2, 1]);
  const all = tf.add(byRow, tf.tensor(outside, [batch, 1, rows]));
  return tf.expandDims(all, 2);
}
