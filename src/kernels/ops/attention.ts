import type * as tf from '@tensorflow/tfjs-core';
import { assertShape } from '../common/checks.ts';
import { attendByHeads } from './attention-by-heads.ts';
import { attendByProducts } from './attention-by-products.ts';
import { attendFused } from './attention-fused.ts';
import { ATTENTION, hasKernel } from './fused.ts';

/** Up to so many queries `attendByProducts` is the faster way on wasm, by measurement. */
const FEW_QUERIES = 8;

/**
 * Scaled dot-product attention (Vaswani et al. 2017, https://arxiv.org/abs/1706.03762), for each
 * head of width `D/H`: `softmax_S(q·kᵀ / √(D/H) + bias) · v`, with gradients to all inputs.
 *
 * @param q [B, R, D] queries
 * @param k [B, S, D] keys
 * @param v [B, S, D] values
 * @param heads H, a divisor of D
 * @param bias [H, R, S], added to the scores of every element of the batch
 * @returns [B, R, D]
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
