import * as tf from '@tensorflow/tfjs-core';
import type { Loss } from './loss-report.ts';
import type { Minibatch } from './minibatch.ts';

/**
 * Half the squared error of the chosen values, summed over micro-steps and divided by the number of decisions; errors of
 * thinking on count times `thinkWeight`. This is the definition, and runs where the tensors are on a GPU.
 *
 * @param outputs the heads' outputs [M, P + 2], depth by depth
 */
export function lossByTensors(outputs: tf.Tensor2D, batch: Minibatch, thinkWeight: number): Loss {
  const { decisions, parts, target, think } = batch;
  const perDecision = (x: tf.Tensor) => tf.div(tf.sum(x), decisions) as tf.Scalar;
  const chosen = tf.sum(tf.mul(outputs, tf.tensor2d(parts, outputs.shape)), 1);
  const half = tf.mul(tf.square(tf.sub(chosen, target)), 0.5);
  const acts = think.map((thought) => 1 - thought);
  const valueLoss = perDecision(tf.mul(half, acts));
  const thinkLoss = perDecision(tf.mul(half, think));
  return {
    loss: tf.add(valueLoss, tf.mul(thinkLoss, thinkWeight)),
    report: tf.stack([valueLoss, thinkLoss, perDecision(tf.mul(chosen, acts))]) as tf.Tensor1D,
  };
}
