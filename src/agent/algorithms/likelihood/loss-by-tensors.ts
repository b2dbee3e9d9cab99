import * as tf from '@tensorflow/tfjs-core';
import { type Distribution, logHalt } from '../../../policy/index.ts';
import type { Loss } from './loss-report.ts';
import type { Minibatch } from './minibatch.ts';
import type { ThoughtCost } from './thought-cost.ts';

/**
 * The mean over decisions of `ThoughtCost`, in tensor operations. It is the definition, and runs where the tensors are on
 * a GPU.
 * @param outputs the heads' outputs [K · B, P + 2], depth by depth
 */
export function lossByTensors(
  distribution: Distribution,
  outputs: tf.Tensor2D,
  batch: Minibatch,
  { settings, stage, fixed, logPrior }: ThoughtCost,
): Loss {
  const { decisions, reach } = batch;
  const depths = reach.length;
  const size = outputs.shape[1] - 2;
  const byDepth = (x: tf.Tensor) => tf.reshape(x, [depths, decisions]) as tf.Tensor2D;
  const rows = (data: Float32Array) =>
    tf.tile(tf.tensor2d(data, [decisions, data.length / decisions]), [depths, 1]) as tf.Tensor2D;
  const masks = batch.masks && rows(batch.masks);
  const params = tf.slice(outputs, [0, 0], [-1, size]);
  const losses = byDepth(tf.neg(distribution.logProb(params, rows(batch.actions), masks)));
  const perDecision = (x: tf.Tensor) => tf.div(tf.sum(x), decisions) as tf.Scalar;
  const deepest = perDecision(tf.slice(losses, [depths - 1, 0], [1, -1]));
  const reportOf = (nats: tf.Scalar, steps: tf.Scalar, priorKl: tf.Scalar, median: tf.Tensor) =>
    tf.concat([tf.stack([nats, deepest, steps, priorKl]), median]) as tf.Tensor1D;
  if (fixed !== undefined) {
    const nats = perDecision(tf.mul(losses, tf.tensor2d(fixed, [depths, 1])));
    const all = tf.fill([decisions], depths);
    return { loss: nats, report: reportOf(nats, tf.scalar(depths), tf.scalar(0), all) };
  }
  const { minSteps, floor, forced, priorWeight } = settings;
  const from = minSteps - 1;
  const open = depths - from;
  const logits = byDepth(tf.slice(outputs, [0, size + 1], [-1, 1]));
  const { act, think } = logHalt(tf.slice(logits, [from, 0], [open - 1, -1]), floor);
  const logOwn = tf.concat([tf.add(act, tf.cumsum(think, 0, true)), tf.sum(think, 0, true)]);
  const own = tf.exp(logOwn);
  const weights = tf.add(tf.mul(own, 1 - forced), forced / open);
  const nats = perDecision(tf.mul(weights, tf.slice(losses, [from, 0], [open, -1])));
  const beyond = perDecision(tf.mul(own, tf.reshape(tf.range(0, open), [open, 1])));
  const prior = tf.tensor2d(Float32Array.from(logPrior.slice(from)), [open, 1]);
  const priorKl = perDecision(tf.mul(own, tf.sub(logOwn, prior)));
  // Depths before half of the probability has gone.
  const before = tf.sum(tf.cast(tf.less(tf.cumsum(own, 0), 0.5), 'float32'), 0);
  return {
    loss: tf.addN([nats, tf.mul(beyond, stage.price), tf.mul(priorKl, priorWeight)]) as tf.Scalar,
    report: reportOf(nats, tf.add(beyond, minSteps), priorKl, tf.add(before, minSteps)),
  };
}
