import * as tf from '@tensorflow/tfjs-core';
import { takeRows } from '../../kernels/index.ts';
import { logHalt, type Policy } from '../../policy/index.ts';
import type { Config } from '../config.ts';
import type { Minibatch } from './minibatch.ts';
import type { LearningPhase } from './targets.ts';

/** What `ppoLoss` reports, in order. */
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

/** The loss of a minibatch, and what `STATS` names. */
export function ppoLoss(
  policy: Policy,
  batch: Minibatch,
  { ppo, halting, recipe }: Config,
  phase: LearningPhase,
): { loss: tf.Scalar; report: tf.Tensor1D } {
  const { distribution } = policy;
  const { decisions, reach } = batch;
  const states = policy.unroll(policy.begin(batch.rows), reach);
  const outputs = policy.split(policy.outputs(states, depths(reach)));
  const perDecision = (x: tf.Tensor) => tf.div(tf.sum(x), decisions) as tf.Scalar;

  // The deepest thoughts come first, so the rows that act, deepest depth first, are in order.
  const starts = startsOf(reach);
  const acting = reach.map((count, k) => {
    const begin = reach[k + 1] ?? 0;
    return takeRows(outputs.params, starts[k] + begin, count - begin);
  });
  const params = tf.concat(acting.reverse(), 0) as tf.Tensor2D;
  const logProb = distribution.logProb(params, batch.actions, batch.masks);
  const action = clipped(tf.sub(logProb, batch.oldLogProb), batch.advantage, ppo.clip);
  const entropy = perDecision(distribution.entropy(params, batch.masks));

  const { value, haltLogit } = outputs;
  const error = tf.mul(tf.square(tf.sub(value, batch.target)), batch.valueMask);
  const valueLoss = perDecision(error);

  const log = logHalt(haltLogit, halting.floor);
  const chosen = tf.add(tf.mul(batch.think, log.think), tf.mul(tf.sub(1, batch.think), log.act));
  const logRatio = tf.mul(tf.sub(chosen, batch.oldLogHalt), batch.haltMask);
  const halt = clipped(logRatio as tf.Tensor1D, batch.haltAdvantage, ppo.haltClip);
  const haltLoss = perDecision(tf.mul(halt.loss, batch.haltMask));
  const haltNats = tf.add(tf.mul(tf.exp(log.act), log.act), tf.mul(tf.exp(log.think), log.think));
  const haltEntropy = perDecision(tf.neg(tf.mul(haltNats, batch.haltMask)));

  const policyLoss = perDecision(action.loss);
  let loss = tf.add(policyLoss, tf.mul(valueLoss, ppo.valueWeight));
  loss = tf.sub(loss, tf.mul(entropy, phase.entropy));
  if (phase.released) {
    loss = tf.sub(tf.add(loss, haltLoss), tf.mul(haltEntropy, ppo.haltEntropy));
    if (recipe.distillation > 0) {
      loss = tf.add(
        loss,
        tf.mul(distil(policy, batch, outputs.params, params), recipe.distillation),
      );
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

/** Ponder steps taken, by row of the states of all depths. */
function depths(reach: readonly number[]): Float32Array {
  return Float32Array.from(reach.flatMap((count, k) => new Array<number>(count).fill(k + 1)));
}

/** The first row of each depth. */
function startsOf(reach: readonly number[]): number[] {
  let start = 0;
  return reach.map((count) => (start += count) - count);
}

/** Thought distillation: Σ_{k<n} KL(sg π_n ‖ π_k), a decision, teaches early steps what late ones found. */
function distil(
  policy: Policy,
  { reach, masks, decisions }: Minibatch,
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
    sum = tf.add(sum, tf.sum(policy.distribution.kl(late, early, allowed)));
  }
  return tf.div(sum, decisions) as tf.Scalar;
}

/** The identity with no gradient. */
const frozen = tf.customGrad((x) => ({
  value: tf.clone(x as tf.Tensor),
  gradFunc: (dy: tf.Tensor) => tf.zerosLike(dy),
})) as unknown as (x: tf.Tensor2D) => tf.Tensor2D;

/** −min(ratio·A, clip(ratio, 1 ± ε)·A) by row, with what tells how far the policy has moved. */
function clipped(logRatio: tf.Tensor1D, advantage: tf.Tensor1D, epsilon: number) {
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
