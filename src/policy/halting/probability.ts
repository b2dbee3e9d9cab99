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
