import type * as tf from '@tensorflow/tfjs-core';
import { linear, rmsNorm } from '../../kernels/ops/index.ts';
import type { Parameters } from '../parameters/parameters.ts';

/** The sizes of a core. */
export interface CoreSizes {
  /** Numbers in a token (D). */
  width: number;
  /** Attention heads (H), which divide `width`. */
  heads: number;
  /** Numbers in the hidden layer of the feed-forward part. */
  feedForward: number;
  /** Transformer blocks that a ponder step applies. */
  blocks: number;
  /** Recurrent tokens beside the readout. */
  registers: number;
}

/** y = x W, without bias. */
export function projection(parameters: Parameters, name: string, from: number, to: number) {
  const weight = parameters.normal(name, [from, to]);
  return (x: tf.Tensor): tf.Tensor => linear(x, weight as tf.Tensor2D);
}

/** RMSNorm with a learned gain. */
export function norm(parameters: Parameters, name: string, width: number) {
  const weight = parameters.constant(name, [width], 1);
  return (x: tf.Tensor): tf.Tensor => rmsNorm(x, weight as tf.Tensor1D);
}

/**
 * The first gain of the norm after each sub-layer. At 1 the output of a sub-layer is as large as the state, so that a
 * ponder step can replace the result of the one before. Smaller gains learned pointer chasing more slowly or not at all
 * (docs/learning.md).
 */
const RESIDUAL_GAIN = 1;

/** Parameters of a block's attention, in a scope of their own. */
export function attentionWeights(parameters: Parameters, { width }: CoreSizes) {
  return {
    attentionBefore: parameters.constant('before', [width], 1),
    attentionAfter: parameters.constant('after', [width], RESIDUAL_GAIN),
    query: parameters.normal('query', [width, width]),
    out: parameters.normal('out', [width, width]),
  };
}

/** Parameters of the tokens' own keys and values. */
export function ownWeights(
  parameters: Parameters,
  { width }: CoreSizes,
  key: string,
  value: string,
) {
  return {
    key: parameters.normal(key, [width, width]),
    value: parameters.normal(value, [width, width]),
  };
}

/** Parameters of a block's feed-forward sub-layer, in a scope of their own. */
export function forwardWeights(parameters: Parameters, { width, feedForward }: CoreSizes) {
  return {
    forwardBefore: parameters.constant('before', [width], 1),
    forwardAfter: parameters.constant('after', [width], RESIDUAL_GAIN),
    inner: parameters.normal('inner', [width, feedForward]),
    innerBias: parameters.constant('bias', [feedForward], 0),
    outer: parameters.normal('outer', [feedForward, width]),
  };
}
