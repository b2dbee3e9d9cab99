import * as tf from '@tensorflow/tfjs-core';
import { assertShape } from './checks.ts';

/**
 * `y = x·w + b` over the last axis, for any number of leading axes.
 *
 * @param x [..., I]
 * @param w [I, O]
 * @param b [O]
 * @returns [..., O]
 */
export function linear(x: tf.Tensor, w: tf.Tensor, b?: tf.Tensor): tf.Tensor {
  const inputs = x.shape.at(-1)!;
  const outputs = w.shape.at(-1)!;
  assertShape('linear', 'w', w, [inputs, outputs]);
  if (b) assertShape('linear', 'b', b, [outputs]);
  const rows = x.size / inputs;
  return tf.tidy(() => {
    const product = tf.matMul(tf.reshape(x, [rows, inputs]) as tf.Tensor2D, w as tf.Tensor2D);
    const y = b ? tf.add(product, b) : product;
    return tf.reshape(y, [...x.shape.slice(0, -1), outputs]);
  });
}
