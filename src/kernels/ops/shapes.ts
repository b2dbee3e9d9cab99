import * as tf from '@tensorflow/tfjs-core';
import { runKernel } from './fused.ts';

/**
 * A float32 tensor of these numbers, which it goes on using: without tfjs's inference of a shape.
 * @internal
 */
export function tensorOf(values: Float32Array, shape: number[]): tf.Tensor {
  return tf.engine().makeTensor(values, shape, 'float32');
}

/**
 * The same numbers in another shape, one size of which may be −1; with gradient.
 * @internal
 */
export function reshaped(x: tf.Tensor, shape: number[]): tf.Tensor {
  return runKernel<tf.Tensor>(tf.Reshape, { x }, { shape });
}
