import type * as tf from '@tensorflow/tfjs-core';
import { assertShape } from '../common/checks.ts';
import { attendByHeads } from './attention-by-heads.ts';
import { attendByProducts } from './attention-by-products.ts';
import { ATTENTION, attendFused } from './attention-fused.ts';
import { hasKernel } from './fused.ts';

/**
 * The score of a key that no query attends to. Where all keys have it, all have the same weight: it is so large that float32
 * loses the scores beside it.
 */
export const ABSENT = -1e9;

/** Up to so many queries, `attendByProducts` is faster on wasm, by measurement. */
const FEW_QUERIES = 8;

/**
 * Scaled dot-product attention (Vaswani et al. 2017, arXiv 1706.03762, eq. 1), for each head of width D/H:
 *
 *     softmax_S(q·kᵀ / √(D/H) + bias + mask) · v
 *
 * It has gradients to all inputs except the mask.
 *
 * @param q queries [B, R, D]
 * @param k keys [B, S, D]
 * @param v values [B, S, D]
 * @param heads number of heads (H), which divides D
 * @param bias added to the scores of every element of the batch [H, R, S]; default: none
 * @param mask added to the scores of each element's keys [B, S]: 0, or `ABSENT` for a key to ignore; default: none
 * @returns [B, R, D]
 * @throws RangeError where the shapes do not fit
 */
export function attention(
  q: tf.Tensor,
  k: tf.Tensor,
  v: tf.Tensor,
  heads: number,
  bias?: tf.Tensor,
  mask?: tf.Tensor,
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
  if (mask) assertShape('attention', 'mask', mask, [batch, keys]);
  if (hasKernel(ATTENTION)) return attendFused(q, k, v, heads, bias, mask);
  const attend = queries <= FEW_QUERIES ? attendByProducts : attendByHeads;
  return attend(q, k, v, heads, bias, mask);
}
