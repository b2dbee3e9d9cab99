import * as tf from '@tensorflow/tfjs-core';

/**
 * `log σ(x) = −softplus(−x)`, without overflow or cancellation. Gradient: `dy · σ(−x)`.
 * `log(1 − σ(x))` is `logSigmoid(−x)`.
 *
 * @param x any shape
 */
export function logSigmoid(x: tf.Tensor): tf.Tensor {
  return tf.logSigmoid(x);
}
