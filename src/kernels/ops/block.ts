import * as tf from '@tensorflow/tfjs-core';
import { attention } from './attention.ts';
import { linear } from './linear.ts';
import { rmsNorm } from './rms-norm.ts';

/** Parameters of a transformer block of width D and feed-forward width F. */
export interface BlockWeights {
  /** Gains of the norms before and after each sub-layer [D]. */
  attentionBefore: tf.Tensor;
  attentionAfter: tf.Tensor;
  forwardBefore: tf.Tensor;
  forwardAfter: tf.Tensor;
  /** [D, D] */
  query: tf.Tensor;
  /** [D, D] */
  out: tf.Tensor;
  /** [D, F] */
  inner: tf.Tensor;
  /** [F] */
  innerBias: tf.Tensor;
  /** [F, D] */
  outer: tf.Tensor;
  /** [D, D] each; without them, tokens attend to the context alone. */
  key?: tf.Tensor;
  value?: tf.Tensor;
}

/** A block, and what its tokens attend to beside one another. */
export interface Block {
  weights: BlockWeights;
  /** Keys and values [B, S, D]; none where the block has keys of its own. */
  context?: { k: tf.Tensor; v: tf.Tensor };
  /** Added to the scores [H, R, keys]. */
  bias?: tf.Tensor;
}

/**
 * A pre- and post-normalized transformer block, the sandwich of Huginn (Geiping et al. 2025,
 * https://arxiv.org/abs/2502.05171), which keeps a looped block stable:
 *
 * `m = x + norm(Attention(norm(x) Wq, keys, values) Wo)`, `y = m + norm(relu(norm(m) W₁ + b) W₂)`,
 *
 * where the keys are those of the context, then `norm(x) Wk` of the tokens' own; likewise the values.
 *
 * @param x [B, R, D]
 * @param heads H, a divisor of D
 * @returns [B, R, D]
 */
export function transformerBlock(
  x: tf.Tensor,
  { weights: w, context, bias }: Block,
  heads: number,
): tf.Tensor {
  const normed = rmsNorm(x, w.attentionBefore);
  const joined = (context: tf.Tensor | undefined, own: tf.Tensor | undefined) => {
    const parts = [context, own && linear(normed, own)].filter((part) => part !== undefined);
    return parts.length === 1 ? parts[0] : tf.concat(parts, 1);
  };
  const k = joined(context?.k, w.key);
  const v = joined(context?.v, w.value);
  const read = attention(linear(normed, w.query), k, v, heads, bias);
  const middle = tf.add(x, rmsNorm(linear(read, w.out), w.attentionAfter));
  const hidden = tf.relu(linear(rmsNorm(middle, w.forwardBefore), w.inner, w.innerBias));
  return tf.add(middle, rmsNorm(linear(hidden, w.outer), w.forwardAfter));
}
