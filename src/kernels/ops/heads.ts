import * as tf from '@tensorflow/tfjs-core';
import { differentiable, HEADS, HEADS_GRAD, hasKernel, runKernel } from './fused.ts';
import { linear } from './linear.ts';
import { rmsNorm } from './rms-norm.ts';

/** Features φ of the number of steps. */
export const STEP_FEATURES = 2;

/** Parameters of the heads on a readout of width D. */
export interface HeadWeights {
  /** Gain of the readout's norm [D]. */
  gain: tf.Tensor;
  /** [D, A] and [A]. */
  action: tf.Tensor;
  actionBias: tf.Tensor;
  /** Action parameters that depend on nothing [F]. */
  free?: tf.Tensor;
  /** [D + STEP_FEATURES, 1] and [1], each. */
  value: tf.Tensor;
  valueBias: tf.Tensor;
  halt: tf.Tensor;
  haltBias: tf.Tensor;
}

/** Numbers of the heads' transposed weights up to which they fit the scratch memory of the kernel. */
const MAX_WEIGHTS = 65_536;

/**
 * What the heads say of states: with `h = norm(z₀)` of the first token and `φ(n) = (ln n, 1/n)`, one row
 * `(h·action + bias, free, [h, φ]·value + bias, [h, φ]·halt + bias)` a state. φ is smooth in n, so that the
 * heads extend to more steps than were trained.
 *
 * @param z [N, R, D]
 * @param n ponder steps taken, by state [N] or by all
 * @returns [N, A + F + 2]
 */
export function heads(
  z: tf.Tensor,
  n: ArrayLike<number> | number,
  weights: HeadWeights,
): tf.Tensor2D {
  const features = stepFeatures(n, z.shape[0]);
  const width = z.shape[2]! * (weights.actionBias.size + 2);
  const fits = hasKernel(HEADS) && width <= MAX_WEIGHTS;
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

function composite(z: tf.Tensor, features: Float32Array, weights: HeadWeights): tf.Tensor2D {
  return tf.tidy(() => {
    const [batch, , width] = z.shape;
    const token = tf.reshape(tf.slice(z, [0, 0, 0], [-1, 1, -1]), [batch, width!]);
    const h = rmsNorm(token, weights.gain) as tf.Tensor2D;
    const seen = tf.concat([h, tf.tensor2d(features, [batch, STEP_FEATURES])], 1);
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

/** The parameters, in the order in which the kernel has their gradients. */
function ordered(weights: HeadWeights) {
  const { gain, action, actionBias, free, value, valueBias, halt, haltBias } = weights;
  const heads = { value, valueBias, halt, haltBias };
  return { gain, action, actionBias, ...(free && { free }), ...heads };
}
