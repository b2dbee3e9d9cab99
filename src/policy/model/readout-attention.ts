import * as tf from '@tensorflow/tfjs-core';
import {
  ABSENT,
  type Block,
  gatherRows,
  type Loop,
  linear,
  type Memory,
  type Ranges,
  rmsNorm,
  transformerBlock,
} from '../../kernels/ops/index.ts';

/**
 * The readout's attention to each key in the next ponder step, for every block and head: those of its own element, and, with a
 * memory, the last L rows of its range, the oldest first and 0 where the range has none. It uses composite operations, since
 * the fused kernels do not keep these weights. Each row sums to 1.
 *
 * @param z states [B, R, D]
 * @returns a tensor [B, H, keys + L] for each block
 * @internal
 */
export function readoutAttention(
  z: tf.Tensor,
  { gain, mix, blocks, heads, mask, ranges }: Loop,
): tf.Tensor3D[] {
  let x = rmsNorm(mix ? tf.add(linear(z, mix.keep), mix.inject) : z, gain);
  return blocks.map((plain) => {
    const block = { ...plain, mask, ranges };
    const weights = weightsOf(x, block, heads);
    x = transformerBlock(x, block, heads);
    return weights;
  });
}

/** The weights with which the first of the tokens x [B, R, D] attends in `transformerBlock`. */
function weightsOf(
  x: tf.Tensor,
  { weights: w, context, bias, mask, memory, ranges }: Block,
  heads: number,
): tf.Tensor3D {
  const [batch, , width] = x.shape as number[];
  const headWidth = width / heads;
  /** [B, N, D] -> [B, H, N, D/H] */
  const split = (y: tf.Tensor) =>
    tf.transpose(tf.reshape(y, [batch, -1, heads, headWidth]), [0, 2, 1, 3]);
  const normed = rmsNorm(x, w.attentionBefore);
  const readout = tf.slice(normed, [0, 0, 0], [-1, 1, -1]);
  const q = tf.mul(split(linear(readout, w.query)), 1 / Math.sqrt(headWidth));
  const scoresOf = (k: tf.Tensor) => tf.matMul(q, split(k), false, true); // [B, H, 1, keys]
  const keys = [context?.k, w.key && linear(normed, w.key)].filter((part) => part !== undefined);
  const scores = scoresOf(tf.concat(keys, 1));
  const biased = bias ? tf.add(scores, tf.slice(bias, [0, 0, 0], [-1, 1, -1])) : scores;
  const masked = mask ? tf.add(biased, tf.reshape(mask, [batch, 1, 1, -1])) : biased;
  if (memory === undefined) return tf.squeeze(tf.softmax(masked), [2]);
  const { rows, absent } = lastRows(memory, ranges!);
  const ofRows = tf.add(scoresOf(rows), tf.expandDims(memory.bias, 1));
  return tf.squeeze(tf.softmax(tf.concat([masked, tf.add(ofRows, absent)], 3)), [2]);
}

/** The keys of the last L rows of each range [B, L, D], and what to add to scores where a range has no row [B, 1, 1, L]. */
function lastRows(
  { k, bias }: Memory,
  { begin, end }: Ranges,
): { rows: tf.Tensor; absent: tf.Tensor } {
  const [batch, most] = [begin.length, bias.shape[1]!];
  const index = new Int32Array(batch * most);
  const absent = new Float32Array(batch * most);
  for (let b = 0; b < batch; b++) {
    for (let i = 0; i < most; i++) {
      const row = end[b] - most + i;
      if (row >= begin[b]) index[b * most + i] = row;
      else absent[b * most + i] = ABSENT;
    }
  }
  return {
    rows: tf.reshape(gatherRows(k, index), [batch, most, -1]),
    absent: tf.tensor(absent, [batch, 1, 1, most]),
  };
}
