import * as tf from '@tensorflow/tfjs-core';
import { assertShape } from '../common/checks.ts';
import { differentiable, hasKernel, isWhole, runKernel } from './fused.ts';

/** Names of the fused kernels, where a backend has them. */
export const RMS_NORM = 'PonderaRmsNorm';
export const RMS_NORM_GRAD = 'PonderaRmsNormGrad';

/** Added to the mean square, so that a row of zeros stays a row of zeros. */
export const EPS = 1e-6;

/**
 * Root-mean-square normalization over the last axis (Zhang and Sennrich 2019, arXiv 1910.07467, eq. 4):
 *
 *     y = x · r · gain      r = 1 / √(mean(x²) + eps)
 *
 * Its gradients, with `G = r ⊗ gain`, are `dx = dy·G − x·r²·mean(dy·G·x)` and `dgain = Σ dy·x·r`.
 *
 * @param x [..., D]
 * @param gain [D]
 * @returns [..., D]
 * @throws RangeError where the shapes do not fit
 */
export function rmsNorm(x: tf.Tensor, gain: tf.Tensor, eps = EPS): tf.Tensor {
  const width = x.shape.at(-1)!;
  assertShape('rmsNorm', 'gain', gain, [width]);
  if (hasKernel(RMS_NORM) && isWhole(width)) return fused(x, gain, eps);
  const rows = x.size / width;
  return tf.tidy(() => tf.reshape(composite(tf.reshape(x, [rows, width]), gain, eps), x.shape));
}

/**
 * For x [rows, D]. It multiplies rows with columns by outer products: a product that broadcasts takes wasm three times
 * as long as a plain one.
 */
function composite(x: tf.Tensor, gain: tf.Tensor, eps: number): tf.Tensor {
  const width = gain.size;
  const normalize = tf.customGrad((...args) => {
    const [x, gain, save] = args as [tf.Tensor2D, tf.Tensor1D, tf.GradSaveFunc];
    const r = tf.rsqrt(tf.add(tf.mean(tf.square(x), 1, true), eps)) as tf.Tensor2D;
    const scale = tf.matMul(r, tf.reshape(gain, [1, width]));
    save([x, r, scale]);
    return {
      value: tf.mul(x, scale),
      gradFunc: (dy: tf.Tensor, saved: tf.Tensor[]) => {
        const [x, r, scale] = saved as tf.Tensor2D[];
        const a = tf.mul(dy, scale);
        const c = tf.mul(tf.mean(tf.mul(a, x), 1, true), tf.square(r)) as tf.Tensor2D;
        const dx = tf.sub(a, tf.mul(x, tf.matMul(c, tf.ones([1, width]))));
        return [dx, tf.sum(tf.mul(tf.mul(dy, x), r), 0)];
      },
    };
  });
  return normalize(x, gain);
}

function fused(x: tf.Tensor, gain: tf.Tensor, eps: number): tf.Tensor {
  return differentiable(
    { x, gain },
    (inputs, taped) => {
      const [y, r] = runKernel<tf.Tensor[]>(RMS_NORM, inputs, { eps });
      if (taped) return [y, r];
      r.dispose();
      return y;
    },
    (dy, inputs, [r]) => runKernel<tf.Tensor[]>(RMS_NORM_GRAD, { ...inputs, dy, r }),
  );
}
