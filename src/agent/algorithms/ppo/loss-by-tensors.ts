import * as tf from '@tensorflow/tfjs-core';
import { takeRows } from '../../../kernels/index.ts';
import { type Distribution, logHalt } from '../../../policy/index.ts';
import type { Config } from '../../config.ts';
import type { Loss } from './loss.ts';
import type { Minibatch } from './minibatch.ts';
import type { LearningPhase } from './targets.ts';

/**
 * The loss in tensor operations: its definition, and what runs where the numbers lie on a GPU.
 *
 * @param outputs what the heads say [M, P + 2], depth by depth
 */
export function lossByTensors(
  distribution: Distribution,
  outputs: tf.Tensor2D,
  batch: Minibatch,
  { ppo, halting, recipe }: Config,
  phase: LearningPhase,
): Loss {
  const { decisions, reach } = batch;
  const perDecision = (x: tf.Tensor) => tf.div(tf.sum(x), decisions) as tf.Scalar;
  const column = (i: number) => tf.reshape(tf.slice(outputs, [0, i], [-1, 1]), [-1]) as tf.Tensor1D;
  const size = outputs.shape[1] - 2;
  const all = tf.slice(outputs, [0, 0], [-1, size]);
  const [value, haltLogit] = [column(size), column(size + 1)];
  const rows = (data: Float32Array) => tf.tensor2d(data, [decisions, data.length / decisions]);
  const [actions, masks] = [rows(batch.actions), batch.masks && rows(batch.masks)];

  // The deepest thoughts come first, so the rows that act, deepest depth first, are in order.
  const starts = startsOf(reach);
  const acting = reach.map((count, k) => {
    const begin = reach[k + 1] ?? 0;
    return takeRows(all, starts[k] + begin, count - begin);
  });
  const params = tf.concat(acting.reverse(), 0) as tf.Tensor2D;
  const logProb = distribution.logProb(params, actions, masks);
  const action = clipped(tf.sub(logProb, batch.oldLogProb), batch.advantage, ppo.clip);
  const entropy = perDecision(distribution.entropy(params, masks));

  const error = tf.mul(tf.square(tf.sub(value, batch.target)), batch.valueMask);
  const valueLoss = perDecision(error);

  const log = logHalt(haltLogit, halting.floor);
  const act = batch.think.map((think) => 1 - think);
  const chosen = tf.add(tf.mul(batch.think, log.think), tf.mul(act, log.act));
  const logRatio = tf.mul(tf.sub(chosen, batch.oldLogHalt), batch.haltMask);
  const halt = clipped(logRatio, batch.haltAdvantage, ppo.haltClip);
  const haltLoss = perDecision(tf.mul(halt.loss, batch.haltMask));
  const haltNats = tf.add(tf.mul(tf.exp(log.act), log.act), tf.mul(tf.exp(log.think), log.think));
  const haltEntropy = perDecision(tf.neg(tf.mul(haltNats, batch.haltMask)));

  const policyLoss = perDecision(action.loss);
  let loss = tf.add(policyLoss, tf.mul(valueLoss, ppo.valueWeight));
  loss = tf.sub(loss, tf.mul(entropy, phase.entropy));
  if (phase.released) {
    loss = tf.sub(tf.add(loss, haltLoss), tf.mul(haltEntropy, ppo.haltEntropy));
    if (recipe.distillation > 0) {
      const term = tf.div(distil(distribution, reach, masks, all, params), decisions);
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
    tf.div(tf.sum(halt.kl), tf.maximum(tf.sum(batch.haltMask), 1)),
    perDecision(action.outside),
    tf.maximum(tf.max(action.off), tf.max(halt.off)),
  ]) as tf.Tensor1D;
  return { loss: loss as tf.Scalar, report };
}

/** The first row of each depth. */
function startsOf(reach: readonly number[]): number[] {
  let start = 0;
  return reach.map((count) => (start += count) - count);
}

/** Thought distillation: Σ_{k<n} KL(sg π_n ‖ π_k) teaches early steps what late ones found. */
function distil(
  distribution: Distribution,
  reach: readonly number[],
  masks: tf.Tensor2D | undefined,
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
    sum = tf.add(sum, tf.sum(distribution.kl(late, early, allowed)));
  }
  return sum as tf.Scalar;
}

/** The identity with no gradient. */
const frozen = tf.customGrad((x) => ({
  value: tf.clone(x as tf.Tensor),
  gradFunc: (dy: tf.Tensor) => tf.zerosLike(dy),
})) as unknown as (x: tf.Tensor2D) => tf.Tensor2D;

/** −min(ratio·A, clip(ratio, 1 ± ε)·A) by row, with what tells how far the policy has moved. */
function clipped(logRatio: tf.Tensor, advantage: Float32Array, epsilon: number) {
  const ratio = tf.exp(logRatio);
  const within = tf.clipByValue(ratio, 1 - epsilon, 1 + epsilon);
  const loss = tf.neg(tf.minimum(tf.mul(ratio, advantage), tf.mul(within, advantage)));
  const off = tf.abs(tf.sub(ratio, 1));
  return {
    loss: loss as tf.Tensor1D,
    off,
    /** Schulman's low-variance estimate of KL(old ‖ new). */
    kl: tf.sub(tf.sub(ratio, 1), logRatio),
    outside: tf.cast(tf.greater(off, epsilon), 'float32'),
  };
}
