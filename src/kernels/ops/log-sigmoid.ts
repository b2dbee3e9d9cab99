import * as tf from '@tensorflow/tfjs-core';

/**
 * `log σ(x) = −softplus(−x)`, without overflow or cancellation; `log(1 − σ(x))` is `logSigmoid(−x)`. Its gradient is
 * `dy · σ(−x)`.
 *
 * @param x any shape
 * @returns the shape of x
 */
export function logSigmoid(x: tf.Tensor): tf.Tensor {
  // The gradient of tf.logSigmoid reads x after x has been disposed of, unless x is an input itself.
  return tf.tidy(() => tf.neg(tf.softplus(tf.neg(x))));
}
