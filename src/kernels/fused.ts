import * as tf from '@tensorflow/tfjs-core';

// Kernels of our own, where a backend has them: each does in one pass what a composite defines.
export const ATTENTION = 'PonderaAttention';
export const ATTENTION_GRAD = 'PonderaAttentionGrad';
export const UNROLL = 'PonderaUnroll';
export const UNROLL_GRAD = 'PonderaUnrollGrad';
export const LINEAR = 'PonderaLinear';
export const RMS_NORM = 'PonderaRmsNorm';
export const RMS_NORM_GRAD = 'PonderaRmsNormGrad';

/** Whether the current backend has that kernel. */
export function hasKernel(name: string): boolean {
  return tf.getKernel(name, tf.getBackend()) !== undefined;
}

/** Runs a kernel that has one output or several. */
export function runKernel<Outputs extends tf.Tensor | tf.Tensor[]>(
  name: string,
  inputs: Record<string, tf.Tensor>,
  attrs: tf.NamedAttrMap = {},
): Outputs {
  return tf.engine().runKernel<Outputs>(name, inputs, attrs);
}
