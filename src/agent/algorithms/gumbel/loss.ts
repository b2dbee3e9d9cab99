import * as tf from '@tensorflow/tfjs-core';
import type { Policy } from '../../../policy/index.ts';
import { depthsOf } from '../layout.ts';
import type { Replay, View } from './replay.ts';

/** Decisions, with what each of their ponder steps is to learn. */
export interface Minibatch {
  /** Decisions (B). */
  decisions: number;
  /** Flat observations [B, O]. */
  seen: Float32Array;
  actions: Float32Array;
  /** [B, maskSize] */
  masks: Float32Array;
  /** Parameters of the improved distributions [B, P]. */
  improved: Float32Array;
  /** Returns, in the unit of learning [B]. */
  returns: Float32Array;
}

/** Gathers the chosen decisions. @param chosen their places @param view how each is looked at @param rewardScale what makes the unit of learning */
export function gather(
  replay: Replay,
  chosen: Int32Array,
  view: View,
  rewardScale: number,
): Minibatch {
  return {
    decisions: chosen.length,
    seen: replay.rows('observations', chosen, view),
    actions: replay.rows('actions', chosen, view),
    masks: replay.rows('masks', chosen, view),
    improved: replay.rows('improved', chosen, view),
    returns: replay.rows('returns', chosen).map((x) => x * rewardScale),
  };
}

/**
 * The loss of thoughts of K ponder steps, of which the last counts as much as the mean of all, so that each is an answer:
 *
 *     Σ_k w_k · (KL(π' ‖ π_k) + valueWeight · (v_k − G)²),     w_k = 1/(2K), and ½ more for the last
 *
 * with π' the policy that the search improved to (Danihelka et al. 2022, equation 12) and G the return.
 * @param readouts after each ponder step, one step after another [K·B, 1, D]
 * @returns the mean over decisions, and KL(π' ‖ π_K) and (v_K − G)² [2]
 */
export function gumbelLoss(
  policy: Policy,
  readouts: tf.Tensor3D,
  batch: Minibatch,
  { depth, valueWeight }: { depth: number; valueWeight: number },
): { loss: tf.Scalar; report: tf.Tensor1D } {
  const { distribution } = policy;
  const { decisions: B } = batch;
  const depths = depthsOf(Array<number>(depth).fill(B));
  const { params, value } = policy.split(policy.outputs(readouts, depths));
  const tiled = (data: Float32Array) =>
    tf.tile(tf.tensor2d(data, [B, data.length / B]), [depth, 1]) as tf.Tensor2D; // [K·B, …]
  const kl = distribution.kl(
    tiled(batch.improved),
    params,
    tiled(batch.masks),
    tiled(batch.actions),
  );
  const errors = tf.squaredDifference(value, tf.reshape(tiled(batch.returns), [-1]));
  /** The mean over decisions of each ponder step [K]. */
  const byStep = (x: tf.Tensor) => tf.mean(tf.reshape(x, [depth, B]), 1);
  const [policyLoss, valueLoss] = [byStep(kl), byStep(errors)];
  const total = tf.add(policyLoss, tf.mul(valueLoss, valueWeight));
  const last = (x: tf.Tensor) => tf.slice(x, [depth - 1], [1]);
  const loss = tf.mul(tf.add(tf.mean(total), tf.reshape(last(total), [])), 0.5) as tf.Scalar;
  return { loss, report: tf.concat([last(policyLoss), last(valueLoss)]) as tf.Tensor1D };
}
