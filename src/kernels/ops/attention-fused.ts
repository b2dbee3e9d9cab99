import * as tf from '@tensorflow/tfjs-core';
import { runKernel } from './fused.ts';

/** Names of the fused kernels, where a backend has them. */
export const ATTENTION = 'PonderaAttention';
export const ATTENTION_GRAD = 'PonderaAttentionGrad';

/** `attention` by the fused kernels. */
export function attendFused(
  q: tf.Tensor,
  k: tf.Tensor,
  v: tf.Tensor,
  heads: number,
  bias?: tf.Tensor,
  mask?: tf.Tensor,
): tf.Tensor {
  const attend = tf.customGrad((...args) => {
    const save = args.pop() as tf.GradSaveFunc;
    const [q, k, v, bias] = args as tf.Tensor[];
    const inputs = { q, k, v, ...(bias && { bias }), ...(mask && { mask }) };
    const [value, probs] = runKernel<tf.Tensor[]>(ATTENTION, inputs, { heads });
    save([probs, q, k, v]);
    return {
      value,
      gradFunc: (dy: tf.Tensor, [probs, q, k, v]: tf.Tensor[]) =>
        runKernel<tf.Tensor[]>(
          ATTENTION_GRAD,
          { dy, probs, q, k, v },
          { heads, bias: bias !== undefined },
        ),
    };
  });
  return bias ? attend(q, k, v, bias) : attend(q, k, v);
}
