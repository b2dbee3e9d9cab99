import * as tf from '@tensorflow/tfjs-core';
import { assertShape } from '../common/checks.ts';
import { hasKernel, runKernel } from './fused.ts';

/** Names of the fused kernels, where a backend has them. */
export const LINEAR = 'PonderaLinear';
export const LINEAR_GRAD_X = 'PonderaLinearGradX';
export const LINEAR_GRAD_W = 'PonderaLinearGradW';

/**
 * A linear map of the last axis: `y = x·w + b`.
 *
 * @param x [..., I]
 * @param w [I, O]
 * @param b [O]; default: none
 * @returns [..., O]
 * @throws RangeError where the shapes do not fit
 */
export function linear(x: tf.Tensor, w: tf.Tensor, b?: tf.Tensor): tf.Tensor {
  const inputs = x.shape.at(-1)!;
  const outputs = w.shape.at(-1)!;
  assertShape('linear', 'w', w, [inputs, outputs]);
  if (b) assertShape('linear', 'b', b, [outputs]);
  if (x.dtype === 'float32' && hasKernel(LINEAR)) {
    return runKernel<tf.Tensor>(LINEAR, b ? { x, w, b } : { x, w });
  }
  return tf.tidy(() => {
    const product = tf.matMul(tf.reshape(x, [x.size / inputs, inputs]), w);
    return tf.reshape(b ? tf.add(product, b) : product, [...x.shape.slice(0, -1), outputs]);
  });
}
