import * as tf from '@tensorflow/tfjs-core';

/**
 * For rows that begin with a length, ones up to that length.
 * @param rows [B, …], a length in 0..count first
 * @returns [B, count]
 */
export function firstOnes(rows: tf.Tensor2D, count: number): tf.Tensor2D {
  const lengths = tf.slice(rows, [0, 0], [-1, 1]);
  const indices = tf.reshape(tf.range(0, count, 1, 'float32'), [1, count]);
  return tf.cast(tf.less(indices, lengths), 'float32') as tf.Tensor2D;
}
