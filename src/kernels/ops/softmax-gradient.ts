import * as tf from '@tensorflow/tfjs-core';

/** The gradient of a softmax's input: `p · (dp − Σ p·dp)`, where `p` is its output over the last axis. */
export function softmaxGradient(p: tf.Tensor, dp: tf.Tensor): tf.Tensor {
  const weighted = tf.mul(p, dp);
  return tf.sub(weighted, tf.mul(p, tf.sum(weighted, -1, true)));
}
