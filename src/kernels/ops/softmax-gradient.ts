import * as tf from '@tensorflow/tfjs-core';

/** The gradient before a softmax over the last axis that gave `p`: `p · (dp − Σ p·dp)`. */
export function softmaxGradient(p: tf.Tensor, dp: tf.Tensor): tf.Tensor {
  const weighted = tf.mul(p, dp);
  return tf.sub(weighted, tf.mul(p, tf.sum(weighted, -1, true)));
}
