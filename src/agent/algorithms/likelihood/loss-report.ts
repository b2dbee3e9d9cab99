import type * as tf from '@tensorflow/tfjs-core';

/** The names of a loss's report, in order; the median ponder steps of each decision follow [B]. */
export const STATS = ['nats', 'deepestNats', 'expectedSteps', 'priorKl'] as const;

/** A loss and its report, in the order of `STATS`, then the median ponder steps [4 + B]. */
export interface Loss {
  loss: tf.Scalar;
  report: tf.Tensor1D;
}
