import * as tf from '@tensorflow/tfjs-core';
import { takeRows } from '../../../kernels/ops/index.ts';
import type { Distribution, TensorSurrogate } from '../../../policy/index.ts';
import type { Loss } from './loss-report.ts';
import type { Minibatch } from './minibatch.ts';
import type { PpoConfig } from './settings.ts';
import type { UpdateSchedule } from './targets.ts';

/**
 * The loss in tensor operations. It is the definition, and runs where the tensors are on a GPU.
 *
 * @param outputs the heads' outputs [M, P + 2], depth by depth
 */
export function lossByTensors(
  distribution: Distribution,
  outputs: tf.Tensor2D,
  batch: Minibatch,
  { ppo, recipe }: PpoConfig,
  phase: UpdateSchedule,
): Loss {
  const { decisions, reach } = batch;
  const perDecision = (x: tf.Tensor) => tf.div(tf.sum(x), decisions) as tf.Scalar;
  const column = (i: number) => tf.reshape(tf.slice(outputs, [0, i], [-1, 1]), [-1]) as tf.Tensor1D;
  const size = outputs.shape[1] - 2;
  const all = tf.slice(outputs, [0, 0], [-1, size]);
  const [value, logits] = [column(size), column(size + 1)];

  const params = batch.acts === 'all' ? all : lastOf(all, reach);
  const rows = (data: Float32Array) => tf.tensor2d(data, [decisions, data.length / decisions]);
  // All depths of a decision have the same action.
  const repeated = (data: tf.Tensor2D): tf.Tensor2D =>
    batch.acts === 'all'
      ? (tf.concat(reach.map((count) => takeRows(data, 0, count))) as tf.Tensor2D)
      : data;
  const masks = batch.masks && rows(batch.masks);
  const taken = rows(batch.actions);
  const [actions, allowed] = [repeated(taken), masks && repeated(masks)];
  const { logProb, ...halting } = batch.halting.byTensors({
    logits,
    logProbs: distribution.logProb(params, actions, allowed),
    entropies: distribution.entropy(params, allowed, actions),
    surrogate: (logRatio, advantage) => clipped(logRatio, advantage, ppo.haltClip),
  });
  const action = clipped(tf.sub(logProb, batch.oldLogProb), batch.advantage, ppo.clip);
  const entropy = perDecision(halting.entropy);

  const error = tf.mul(tf.square(tf.sub(value, batch.target)), batch.valueWeight);
  const valueLoss = perDecision(error);

  const haltLoss = perDecision(halting.haltLoss);
  const haltEntropy = perDecision(halting.haltEntropy);

  const policyLoss = perDecision(action.loss);
  let loss = tf.add(policyLoss, tf.mul(valueLoss, ppo.valueWeight));
  loss = tf.sub(loss, tf.mul(entropy, phase.entropy));
  const magnet = batch.magnet && rows(batch.magnet);
  const magnetKl = magnet
    ? perDecision(distribution.kl(params, magnet, masks, taken))
    : tf.scalar(0);
  if (magnet) loss = tf.add(loss, tf.mul(magnetKl, ppo.magnet!.weight));
  if (phase.released) {
    loss = tf.sub(tf.add(loss, haltLoss), tf.mul(haltEntropy, ppo.haltEntropy));
    if (recipe.distillation > 0) {
      const late = batch.acts === 'all' ? lastOf(all, reach) : params;
      const term = tf.div(distil(distribution, reach, masks, taken, all, late), decisions);
      loss = tf.add(loss, tf.mul(term, recipe.distillation));
    }
  }
  const report = tf.stack([
    policyLoss,
    haltLoss,
    valueLoss,
    entropy,
    haltEntropy,
    perDecision(action.kl),
    halting.haltKl,
    perDecision(tf.cast(tf.greater(action.off, ppo.clip), 'float32')),
    tf.maximum(tf.max(action.off), halting.off),
    magnetKl,
    ...halting.statistics,
  ]) as tf.Tensor1D;
  return { loss: loss as tf.Scalar, report };
}

/** The rows of each decision's last depth, in the order of the decisions: the deepest first. */
function lastOf(all: tf.Tensor2D, reach: readonly number[]): tf.Tensor2D {
  const starts = startsOf(reach);
  const parts = reach.map((count, k) => {
    const begin = reach[k + 1] ?? 0;
    return takeRows(all, starts[k] + begin, count - begin);
  });
  return tf.concat(parts.reverse(), 0) as tf.Tensor2D;
}

/** The first row of each depth. */
function startsOf(reach: readonly number[]): number[] {
  let start = 0;
  return reach.map((count) => (start += count) - count);
}

/** Thought distillation: Σ_{k<n} KL(sg π_n ‖ π_k) trains the policies of early steps towards that of the last. */
function distil(
  distribution: Distribution,
  reach: readonly number[],
  masks: tf.Tensor2D | undefined,
  actions: tf.Tensor2D,
  all: tf.Tensor2D,
  params: tf.Tensor2D,
): tf.Scalar {
  const final = frozen(params);
  const starts = startsOf(reach);
  let sum: tf.Tensor = tf.scalar(0);
  for (let k = 0; k + 1 < reach.length; k++) {
    const count = reach[k + 1];
    const early = takeRows(all, starts[k], count) as tf.Tensor2D;
    const late = takeRows(final, 0, count) as tf.Tensor2D;
    const allowed = masks && (takeRows(masks, 0, count) as tf.Tensor2D);
    const taken = takeRows(actions, 0, count) as tf.Tensor2D;
    sum = tf.add(sum, tf.sum(distribution.kl(late, early, allowed, taken)));
  }
  return sum as tf.Scalar;
}

/** The identity without a gradient (sg). */
const frozen = tf.customGrad((x) => ({
  value: tf.clone(x as tf.Tensor),
  gradFunc: (dy: tf.Tensor) => tf.zerosLike(dy),
})) as unknown as (x: tf.Tensor2D) => tf.Tensor2D;

/** −min(ratio·A, clip(ratio, 1 ± ε)·A) by row, with measures of the policy's change. */
function clipped(logRatio: tf.Tensor, advantage: Float32Array, epsilon: number): TensorSurrogate {
  const ratio = tf.exp(logRatio);
  const within = tf.clipByValue(ratio, 1 - epsilon, 1 + epsilon);
  const loss = tf.neg(tf.minimum(tf.mul(ratio, advantage), tf.mul(within, advantage)));
  return {
    loss: loss as tf.Tensor1D,
    off: tf.abs(tf.sub(ratio, 1)),
    kl: tf.sub(tf.sub(ratio, 1), logRatio),
  };
}
