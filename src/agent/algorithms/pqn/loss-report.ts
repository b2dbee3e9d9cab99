import type * as tf from '@tensorflow/tfjs-core';

/** What a loss reports, in order; each a mean over decisions. */
export const STATS = ['valueLoss', 'thinkLoss', 'actValue'] as const;

/** A loss, and what `STATS` names. */
export interface Loss {
  loss: tf.Scalar;
  report: tf.Tensor1D;
}
