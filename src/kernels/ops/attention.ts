import type * as tf from '@tensorflow/tfjs-core';
import { assertShape } from '../common/checks.ts';
import { attendByHeads } from './attention-by-heads.ts';
import { attendByProducts } from './attention-by-products.ts';
import { ATTENTION, attendFused } from './attention-fused.ts';
import { hasKernel } from './fused.ts';

/** Up to so many queries, `attendByProducts` is faster on wasm, by measurement. */
const FEW_QUERIES = 8;

/**
 * Scaled dot-product attention (Vaswani et al. 2017, arXiv 1706.03762, eq. 1), for each head of width D/H:
 *
 *     softmax_S(q·kᵀ / √(D/H) + bias) · v
 *
 * It has gradients to all inputs.
 *
 * @param q queries [B, R, D]
 * @param k keys [B, S, D]
 * @param v values [B, S, D]
 * @param heads number of heads (H), which divides D
 * @param bias added to the scores of every element of the batch [H, R, S]; default: none
 * @returns [B, R, D]
 * @throws RangeError where the shapes do not fit
 */
export function attention(
  q: tf.Tensor,
  k: tf.Tensor,
  v: tf.Tensor,
  heads: number,
  bias?: tf.Tensor,
): tf.Tensor {
  assertShape('attention', 'q', q, [null, null, null]);
  const [batch, queries, width] = q.shape as number[];
  const keys = k.shape[1]!;
  if (width % heads !== 0) {
    throw new RangeError(`attention: heads must divide D = ${width}, got ${heads}`);
  }
  assertShape('attention', 'k', k, [batch, keys, width]);
  assertShape('attention', 'v', v, [batch, keys, width]);
  if (bias) assertShape('attention', 'bias', bias, [heads, queries, keys]);
  if (hasKernel(ATTENTION)) return attendFused(q, k, v, heads, bias);
  const attend = queries <= FEW_QUERIES ? attendByProducts : attendByHeads;
  return attend(q, k, v, heads, bias);
}
