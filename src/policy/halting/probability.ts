import * as tf from '@tensorflow/tfjs-core';
import { logSigmoid } from '../../kernels/index.ts';

/**
 * The probability to halt, kept in [floor, 1 − floor]: halt = floor + (1 − 2·floor)·σ(logit). Squashed
 * rather than clipped, so that its gradient never vanishes: a saturated head can always climb out.
 */
export function haltProbability(logit: number, floor: number): number {
  return floor + (1 - 2 * floor) / (1 + Math.exp(-logit));
}

/** ln halt and ln(1 − halt) of the same, for logits of any shape. */
export function logHalt(logits: tf.Tensor, floor: number): { act: tf.Tensor; think: tf.Tensor } {
  if (floor === 0) return { act: logSigmoid(logits), think: logSigmoid(tf.neg(logits)) };
  const halt = tf.add(tf.mul(tf.sigmoid(logits), 1 - 2 * floor), floor);
  return { act: tf.log(halt), think: tf.log(tf.sub(1, halt)) };
}

/** ln halt, ln(1 − halt) and their slopes by the logit, of one number in float64. */
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
