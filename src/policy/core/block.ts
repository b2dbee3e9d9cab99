import * as tf from '@tensorflow/tfjs-core';
import { attention, linear, rmsNorm } from '../../kernels/index.ts';
import type { Parameters } from '../parameters.ts';

export interface CoreSizes {
  /** Model width D. */
  width: number;
  heads: number;
  feedForward: number;
  blocks: number;
  /** Recurrent tokens beside the readout. */
  registers: number;
}

/** y = x W, without bias. */
export function projection(parameters: Parameters, name: string, from: number, to: number) {
  const weight = parameters.normal(name, [from, to]);
  return (x: tf.Tensor): tf.Tensor => linear(x, weight as tf.Tensor2D);
}

/** RMSNorm with a learned gain that begins at `gain`. */
export function norm(parameters: Parameters, name: string, width: number, gain = 1) {
  const weight = parameters.constant(name, [width], gain);
  return (x: tf.Tensor): tf.Tensor => rmsNorm(x, weight as tf.Tensor1D);
}

/**
 * Gain of the norm after each sub-layer at the start: as large as the state, so that what a step finds
 * can take the place of what the step before found. Smaller gains learned pointer chasing slower or
 * not at all (docs/learning.md).
 */
const RESIDUAL_GAIN = 1;

/**
 * x + norm(FFN(norm(x))), FFN(x) = relu(x W₁ + b) W₂: the sandwich of Huginn (2502.05171), which
 * keeps a looped block stable.
 */
export function feedForward(parameters: Parameters, { width, feedForward }: CoreSizes) {
  const before = norm(parameters, 'before', width);
  const after = norm(parameters, 'after', width, RESIDUAL_GAIN);
  const inner = parameters.normal('inner', [width, feedForward]);
  const bias = parameters.constant('bias', [feedForward], 0);
  const outer = projection(parameters, 'outer', feedForward, width);
  return (x: tf.Tensor3D): tf.Tensor3D => {
    const hidden = tf.relu(linear(before(x), inner as tf.Tensor2D, bias as tf.Tensor1D));
    return tf.add(x, after(outer(hidden)));
  };
}

/**
 * x + norm(Attention(norm(x) Wq, k, v) Wo). Keys and values are given: the observation's, made once
 * (latent), or the tokens' own (full).
 */
export function attend(parameters: Parameters, { width, heads }: CoreSizes) {
  const before = norm(parameters, 'before', width);
  const after = norm(parameters, 'after', width, RESIDUAL_GAIN);
  const query = projection(parameters, 'query', width, width);
  const out = projection(parameters, 'out', width, width);
  return (
    x: tf.Tensor3D,
    context: (normed: tf.Tensor3D) => { k: tf.Tensor3D; v: tf.Tensor3D },
    bias?: tf.Tensor3D,
  ): tf.Tensor3D => {
    const normed = before(x) as tf.Tensor3D;
    const { k, v } = context(normed);
    const read = attention(query(normed) as tf.Tensor3D, k, v, heads, bias);
    return tf.add(x, after(out(read)));
  };
}
