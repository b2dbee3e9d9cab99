import * as tf from '@tensorflow/tfjs-core';
import { differentiable, hasKernel, isWhole, runKernel } from './fused.ts';
import { linear } from './linear.ts';
import { rmsNorm } from './rms-norm.ts';

/** Names of the fused kernels, where a backend has them. */
export const HEADS = 'PonderaHeads';
export const HEADS_GRAD = 'PonderaHeadsGrad';

/** Number of features φ of the number of ponder steps. */
export const STEP_FEATURES = 2;

/** The weights of `heads`, for readouts of D numbers. */
export interface HeadWeights {
  /** Gain of the readout's norm [D]. */
  gain: tf.Tensor;
  /** Weights of the action parameters [D, A]. */
  action: tf.Tensor;
  /** Biases of the action parameters [A]. */
  actionBias: tf.Tensor;
  /** Action parameters that do not depend on the readout [F]. */
  free?: tf.Tensor;
  /** Weights of the value [D + STEP_FEATURES, 1]. */
  value: tf.Tensor;
  /** Bias of the value [1]. */
  valueBias: tf.Tensor;
  /** Weights of the halting logit [D + STEP_FEATURES, 1]. */
  halt: tf.Tensor;
  /** Bias of the halting logit [1]. */
  haltBias: tf.Tensor;
}

/** The most numbers in the heads' transposed weights that fit the kernel's scratch memory. */
const MAX_WEIGHTS = 65_536;

/**
 * The heads of a policy. With h the norm of a state's first token and φ(n) = (ln n, 1/n), the row of a state is
 *
 *     (h·action + actionBias, free, [h, φ]·value + valueBias, [h, φ]·halt + haltBias)
 *
 * φ is smooth in n, so that the heads extend to more ponder steps than in training.
 *
 * @param z states [N, R, D]
 * @param n ponder steps of each state [N], or of all; as a tensor [N] for a graph that is exported
 * @returns rows [N, A + F + 2]
 */
export function heads(
  z: tf.Tensor,
  n: ArrayLike<number> | number | tf.Tensor1D,
  weights: HeadWeights,
): tf.Tensor2D {
  if (n instanceof tf.Tensor)
    return composite(z, tf.stack([tf.log(n), tf.reciprocal(n)], 1), weights);
  const features = stepFeatures(n, z.shape[0]);
  const width = z.shape[2]!;
  const size = width * (weights.actionBias.size + 2);
  const fits = hasKernel(HEADS) && isWhole(width) && size <= MAX_WEIGHTS;
  return fits ? fused(z, features, weights) : composite(z, features, weights);
}

function stepFeatures(n: ArrayLike<number> | number, count: number): Float32Array {
  const features = new Float32Array(count * STEP_FEATURES);
  for (let i = 0; i < count; i++) {
    const steps = typeof n === 'number' ? n : n[i];
    features[STEP_FEATURES * i] = Math.log(steps);
    features[STEP_FEATURES * i + 1] = 1 / steps;
  }
  return features;
}

function composite(
  z: tf.Tensor,
  features: Float32Array | tf.Tensor,
  weights: HeadWeights,
): tf.Tensor2D {
  return tf.tidy(() => {
    const [batch, , width] = z.shape;
    const token = tf.reshape(tf.slice(z, [0, 0, 0], [-1, 1, -1]), [batch, width!]);
    const h = rmsNorm(token, weights.gain) as tf.Tensor2D;
    const phi =
      features instanceof tf.Tensor ? features : tf.tensor2d(features, [batch, STEP_FEATURES]);
    const seen = tf.concat([h, phi], 1);
    const { free } = weights;
    return tf.concat(
      [
        linear(h, weights.action, weights.actionBias),
        ...(free ? [tf.add(tf.zeros([batch, free.size]), free)] : []),
        linear(seen, weights.value, weights.valueBias),
        linear(seen, weights.halt, weights.haltBias),
      ],
      1,
    ) as tf.Tensor2D;
  });
}

function fused(z: tf.Tensor, features: Float32Array, weights: HeadWeights): tf.Tensor2D {
  const attrs = { features } as unknown as tf.NamedAttrMap;
  return differentiable(
    { z, ...ordered(weights) },
    (inputs) => runKernel(HEADS, inputs, attrs),
    (dy, inputs) => runKernel(HEADS_GRAD, { ...inputs, dy }, attrs),
  ) as tf.Tensor2D;
}

/** The parameters, in the order of the kernel's gradients. */
function ordered(weights: HeadWeights) {
  const { gain, action, actionBias, free, value, valueBias, halt, haltBias } = weights;
  const heads = { value, valueBias, halt, haltBias };
  return { gain, action, actionBias, ...(free && { free }), ...heads };
}
