import * as tf from '@tensorflow/tfjs-core';
import {
  type Block,
  type Loop,
  linear,
  rmsNorm,
  transformerBlock,
} from '../../kernels/ops/index.ts';

/**
 * The readout's attention to each key in the next ponder step, for every block and head. It uses composite operations,
 * since the fused kernels do not keep these weights. Each row sums to 1.
 *
 * @param z states [B, R, D]
 * @returns a tensor [B, H, keys] for each block
 * @internal
 */
export function readoutAttention(
  z: tf.Tensor,
  { gain, mix, blocks, heads, mask }: Loop,
): tf.Tensor3D[] {
  let x = rmsNorm(mix ? tf.add(linear(z, mix.keep), mix.inject) : z, gain);
  return blocks.map((unmasked) => {
    const block = { ...unmasked, mask };
    const weights = weightsOf(x, block, heads);
    x = transformerBlock(x, block, heads);
    return weights;
  });
}

/** softmax(q·kᵀ / √(D/H) + bias + mask) of the first of the tokens x [B, R, D], as `transformerBlock` attends. */
function weightsOf(
  x: tf.Tensor,
  { weights: w, context, bias, mask }: Block,
  heads: number,
): tf.Tensor3D {
  const [batch, , width] = x.shape as number[];
  const headWidth = width / heads;
  /** [B, N, D] -> [B, H, N, D/H] */
  const split = (y: tf.Tensor) =>
    tf.transpose(tf.reshape(y, [batch, -1, heads, headWidth]), [0, 2, 1, 3]);
  const normed = rmsNorm(x, w.attentionBefore);
  const readout = tf.slice(normed, [0, 0, 0], [-1, 1, -1]);
  const keys = [context?.k, w.key && linear(normed, w.key)].filter((part) => part !== undefined);
  const q = split(linear(readout, w.query));
  const products = tf.matMul(q, split(tf.concat(keys, 1)), false, true); // [B, H, 1, keys]
  const scores = tf.mul(products, 1 / Math.sqrt(headWidth));
  const biased = bias ? tf.add(scores, tf.slice(bias, [0, 0, 0], [-1, 1, -1])) : scores;
  const masked = mask ? tf.add(biased, tf.reshape(mask, [batch, 1, 1, -1])) : biased;
  return tf.squeeze(tf.softmax(masked), [2]) as tf.Tensor3D;
}
