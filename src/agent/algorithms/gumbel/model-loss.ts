import * as tf from '@tensorflow/tfjs-core';
import { tensorOf } from '../../../kernels/ops/index.ts';
import type { Policy, Thought } from '../../../policy/index.ts';
import { readoutOf, type Unrolls } from './unrolls.ts';

/** The errors of a model that are reported, in this order. */
export const MODEL_ERRORS = ['reward', 'turn', 'value', 'state'] as const;

/**
 * The loss of what a policy imagines (MuZero's, Schrittwieser et al. 2020, arXiv 1911.08265, equation 1, with EfficientZero's consistency, Ye et al.
 * 2021, arXiv 2111.00210). For K actions that were taken after a thought,
 *
 *     1/K · Σ_k KL(π'_k ‖ π_k) + valueWeight · (v_k − G_k)² + (r_k − R_k)² + (turn_k − Turn_k)² + consistencyWeight · (1 − cos_k)
 *
 * with π'_k, G_k of the decision after action k, R_k and Turn_k of the action itself, and cos_k between the imagined state and that of a thought about the
 * observation that came. What did not come has no term. The gradient into the state before each action is halved, as MuZero does.
 * @param thought after all ponder steps @param depth their number
 * @returns the mean over decisions, and for the first and for the last action the sums of errors (`MODEL_ERRORS`), then how many each is of [16]
 */
export function modelLoss(
  policy: Policy,
  thought: Thought,
  unrolls: Unrolls,
  how: { depth: number; valueWeight: number; consistencyWeight: number },
): { loss: tf.Scalar; report: tf.Tensor1D } {
  const { length: K } = unrolls;
  const B = thought.z.shape[0];
  const rows = (data: Float32Array) =>
    tensorOf(data, [K * B, data.length / (K * B)]) as tf.Tensor2D;
  const actions = rows(unrolls.actions);
  let imagined = thought;
  const readouts = tf.concat(
    Array.from({ length: K }, (_, k) => {
      const before = { ...imagined, z: halved(imagined.z) };
      imagined = policy.imagine(before, tf.slice(actions, [k * B, 0], [B, -1]));
      return readoutOf(imagined);
    }),
    0,
  ) as tf.Tensor3D;
  const { params, value } = policy.split(policy.outputs(readouts, how.depth));
  const { reward, turn } = policy.model!.outcomes(readouts);
  const errors = {
    reward: tf.squaredDifference(reward, unrolls.rewards),
    turn: tf.squaredDifference(turn, unrolls.turns),
    value: tf.squaredDifference(value, unrolls.returns),
    state: policy.model!.stateErrors(readouts, rows(unrolls.readouts)),
  };
  const { distribution } = policy;
  const kl = distribution.kl(rows(unrolls.improved), params, undefined, actions);
  const terms = [
    tf.mul(errors.value, how.valueWeight),
    tf.mul(errors.state, how.consistencyWeight),
  ];
  const ofNext = tf.mul(tf.addN([kl, ...terms]), unrolls.followed);
  const ofAction = tf.mul(tf.add(errors.reward, errors.turn), unrolls.taken);
  const loss = tf.div(tf.sum(tf.add(ofNext, ofAction)), K * B) as tf.Scalar;
  const present = {
    ...{ reward: unrolls.taken, turn: unrolls.taken },
    ...{ value: unrolls.followed, state: unrolls.followed },
  };
  const at = (k: number, x: tf.Tensor) => tf.reshape(tf.sum(tf.slice(x, [k * B], [B])), [1]);
  const firstAndLast = (of: (name: (typeof MODEL_ERRORS)[number]) => tf.Tensor) =>
    [0, K - 1].flatMap((k) => MODEL_ERRORS.map((name) => at(k, of(name))));
  const sums = firstAndLast((name) => tf.mul(errors[name], present[name]));
  const counts = firstAndLast((name) => tf.tensor1d(present[name]));
  return { loss, report: tf.concat([...sums, ...counts]) as tf.Tensor1D };
}

/** The identity, whose gradient is a half. */
const halved = tf.customGrad((x) => ({
  value: tf.clone(x as tf.Tensor),
  gradFunc: (dy: tf.Tensor) => tf.mul(dy, 0.5),
})) as unknown as (x: tf.Tensor3D) => tf.Tensor3D;
