import type * as tf from '@tensorflow/tfjs-core';

/** The names of a loss's report, in order; the halting rule's own statistics follow. */
export const STATS = [
  'policyLoss',
  'haltLoss',
  'valueLoss',
  'entropy',
  'haltEntropy',
  'kl',
  'haltKl',
  'clipFraction',
  'ratioError',
  'magnetKl',
] as const;

/** A loss and its report, in the order of `STATS`. */
export interface Loss {
  loss: tf.Scalar;
  report: tf.Tensor1D;
}
