import type * as tf from '@tensorflow/tfjs-core';

/** What a loss reports, in order, before the halting rule's own statistics. */
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
] as const;

/** A loss, and what `STATS` names. */
export interface Loss {
  loss: tf.Scalar;
  report: tf.Tensor1D;
}
