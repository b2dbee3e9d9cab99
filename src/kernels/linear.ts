import * as tf from '@tensorflow/tfjs-core';
import { assertShape } from './checks.ts';
import { hasKernel, LINEAR, runKernel } from './fused.ts';

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
    const multiply = b && x.dtype === 'float32' && hasKernel(LINEAR) ? fused : composite;
    const y = multiply(tf.reshape(x, [rows, inputs]), w, b);
    return tf.reshape(y, [...x.shape.slice(0, -1), outputs]);
  });
}

function composite(x: tf.Tensor, w: tf.Tensor, b?: tf.Tensor): tf.Tensor {
  const product = tf.matMul(x, w);
  return b ? tf.add(product, b) : product;
}

function fused(x: tf.Tensor, w: tf.Tensor, b?: tf.Tensor): tf.Tensor {
  return runKernel<tf.Tensor>(LINEAR, { x, w, b: b! });
}
