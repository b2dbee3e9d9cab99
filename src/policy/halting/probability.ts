import * as tf from '@tensorflow/tfjs-core';
import { logSigmoid } from '../../kernels/ops/index.ts';

/**
 * The halting probability of a logit, in [floor, 1 − floor]:
 *
 *     halt = floor + (1 − 2·floor)·σ(logit)
 *
 * A clip would have no gradient outside the bounds, and a saturated head would stay there.
 */
export function haltProbability(logit: number, floor: number): number {
  return floor + (1 - 2 * floor) / (1 + Math.exp(-logit));
}

/** ln halt (`act`) and ln(1 − halt) (`think`) for the halt of `haltProbability`, from logits of any shape. */
export function logHalt(logits: tf.Tensor, floor: number): { act: tf.Tensor; think: tf.Tensor } {
  if (floor === 0) return { act: logSigmoid(logits), think: logSigmoid(tf.neg(logits)) };
  const halt = tf.add(tf.mul(tf.sigmoid(logits), 1 - 2 * floor), floor);
  return { act: tf.log(halt), think: tf.log(tf.sub(1, halt)) };
}

/**
 * `haltProbability` of one logit with ln halt (`act`), ln(1 − halt) (`think`) and their derivatives by the logit, in
 * float64.
 */
export function haltTerms(logit: number, floor: number) {
  const halt = haltProbability(logit, floor);
  const sigmoid = haltProbability(logit, 0);
  if (floor === 0) {
    const tail = Math.log1p(Math.exp(-Math.abs(logit)));
    return {
      halt,
      act: Math.min(logit, 0) - tail,
      think: Math.min(-logit, 0) - tail,
      actSlope: 1 - sigmoid,
      thinkSlope: -sigmoid,
    };
  }
  const slope = (1 - 2 * floor) * sigmoid * (1 - sigmoid);
  return {
    halt,
    act: Math.log(halt),
    think: Math.log(1 - halt),
    actSlope: slope / halt,
    thinkSlope: -slope / (1 - halt),
  };
}
