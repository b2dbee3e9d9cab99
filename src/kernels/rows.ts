import * as tf from '@tensorflow/tfjs-core';

/**
 * The rows `indices` of `x`, in that order; with gradient.
 *
 * @param x [B, ...]
 * @param indices int32 [N], each in 0..B-1
 * @returns [N, ...]
 */
export function gatherRows(x: tf.Tensor, indices: tf.Tensor | Int32Array): tf.Tensor {
  if (indices instanceof tf.Tensor) return tf.gather(x, indices as tf.Tensor1D);
  return tf.tidy(() => tf.gather(x, tf.tensor1d(indices, 'int32')));
}

/** The rows `begin..begin+count-1` of `x` [B, ...], as [count, ...]; with gradient. */
export function takeRows(x: tf.Tensor, begin: number, count: number): tf.Tensor {
  return tf.slice(x, begin, count);
}
