import type * as tf from '@tensorflow/tfjs-core';

/** The names of a loss's report, in order; each is a mean over decisions. */
export const STATS = ['valueLoss', 'thinkLoss', 'actValue'] as const;

/** A loss and its report, in the order of `STATS`. */
export interface Loss {
  loss: tf.Scalar;
  report: tf.Tensor1D;
}
