import * as tf from '@tensorflow/tfjs-core';
import { attention } from './attention.ts';
import { attendOverRows, type Memory, type Ranges } from './attention-over-rows.ts';
import { linear } from './linear.ts';
import { rmsNorm } from './rms-norm.ts';

/** The weights of a transformer block with D numbers in a token and F in its hidden layer. */
export interface BlockWeights {
  /** Gain of the norm before attention [D]. */
  attentionBefore: tf.Tensor;
  /** Gain of the norm after attention [D]. */
  attentionAfter: tf.Tensor;
  /** Gain of the norm before the feed-forward part [D]. */
  forwardBefore: tf.Tensor;
  /** Gain of the norm after the feed-forward part [D]. */
  forwardAfter: tf.Tensor;
  /** Weights of the queries [D, D]. */
  query: tf.Tensor;
  /** Weights after attention [D, D]. */
  out: tf.Tensor;
  /** Weights into the hidden layer [D, F]. */
  inner: tf.Tensor;
  /** Biases of the hidden layer [F]. */
  innerBias: tf.Tensor;
  /** Weights out of the hidden layer [F, D]. */
  outer: tf.Tensor;
  /** Weights of the tokens' own keys [D, D]; without them, tokens attend to the context only. */
  key?: tf.Tensor;
  /** Weights of the tokens' own values [D, D]; present where `key` is. */
  value?: tf.Tensor;
}

/** A transformer block with its context. */
export interface Block {
  /** The weights. */
  weights: BlockWeights;
  /** Keys and values beside the tokens' own, [B, S, D] each. */
  context?: { k: tf.Tensor; v: tf.Tensor };
  /** Added to the scores of attention [H, R, keys]. */
  bias?: tf.Tensor;
  /** Added to the scores of each element's keys [B, keys]; see `attention`. */
  mask?: tf.Tensor;
  /** Keys and values that all elements share, of which each attends to a range too. */
  memory?: Memory;
  /** The range of each element; present where `memory` is. */
  ranges?: Ranges;
}

/**
 * A transformer block with norms before and after each part, the sandwich of Huginn (Geiping et al. 2025, arXiv
 * 2502.05171), which keeps a looped block stable:
 *
 *     m = x + norm(Attention(norm(x)·query, keys, values)·out)
 *     y = m + norm(relu(norm(m)·inner + innerBias)·outer)
 *
 * The keys are those of the context, followed by the tokens' own, norm(x)·key; likewise the values. With a memory, one softmax
 * is over these and the rows of the element's range (`attendOverRows`); bias and mask belong to the keys of the element.
 *
 * @param x [B, R, D]
 * @param block the weights and the context
 * @param heads number of heads (H), which divides D
 * @returns [B, R, D]
 * @throws RangeError where the shapes do not fit
 */
export function transformerBlock(
  x: tf.Tensor,
  { weights: w, context, bias, mask, memory, ranges }: Block,
  heads: number,
): tf.Tensor {
  const normed = rmsNorm(x, w.attentionBefore);
  const joined = (context: tf.Tensor | undefined, own: tf.Tensor | undefined) => {
    const parts = [context, own && linear(normed, own)].filter((part) => part !== undefined);
    return parts.length === 2 ? tf.concat(parts, 1) : parts[0];
  };
  const k = joined(context?.k, w.key);
  const v = joined(context?.v, w.value);
  const q = linear(normed, w.query);
  const read = memory
    ? attendOverRows(q, k && { k, v }, heads, bias, mask, memory, ranges!)
    : attention(q, k, v, heads, bias, mask);
  const middle = tf.add(x, rmsNorm(linear(read, w.out), w.attentionAfter));
  const hidden = tf.relu(linear(rmsNorm(middle, w.forwardBefore), w.inner, w.innerBias));
  return tf.add(middle, rmsNorm(linear(hidden, w.outer), w.forwardAfter));
}
