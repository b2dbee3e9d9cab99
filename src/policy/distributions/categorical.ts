import * as tf from '@tensorflow/tfjs-core';
import type { ActionMask, Discrete, MultiDiscrete } from '../../envs/index.ts';
import { maskedLogSoftmax, type Rng } from '../../kernels/index.ts';
import type { Distribution } from './distribution.ts';

/** Log-probabilities of one component's choices; −∞ where the mask forbids. */
function logSoftmaxRow(
  params: Float32Array,
  begin: number,
  n: number,
  mask?: ActionMask,
): number[] {
  const allowed = (i: number) => mask === undefined || mask[begin + i] !== 0;
  let max = -Infinity;
  for (let i = 0; i < n; i++) if (allowed(i)) max = Math.max(max, params[begin + i]);
  let sum = 0;
  for (let i = 0; i < n; i++) if (allowed(i)) sum += Math.exp(params[begin + i] - max);
  const log = max + Math.log(sum);
  return Array.from({ length: n }, (_, i) => (allowed(i) ? params[begin + i] - log : -Infinity));
}

/**
 * Discrete and MultiDiscrete actions: one independent categorical a component, masked choices having
 * probability 0. P = Σ nvec logits, components one after another.
 */
export function categorical(space: Discrete | MultiDiscrete): Distribution {
  const nvec = space.type === 'discrete' ? [space.n] : Array.from(space.nvec);
  const start = space.type === 'discrete' ? [space.start] : Array.from(space.start);
  const total = nvec.reduce((a, b) => a + b, 0);
  const begins = nvec.map((_, c) => nvec.slice(0, c).reduce((a, b) => a + b, 0));
  const part = <T extends tf.Tensor2D | undefined>(x: T, c: number): T =>
    x === undefined || nvec.length === 1 ? x : (tf.slice(x, [0, begins[c]], [-1, nvec[c]]) as T);
  const sum = (parts: tf.Tensor1D[]): tf.Tensor1D => parts.reduce((a, b) => tf.add(a, b));
  const logs = (params: tf.Tensor2D, masks: tf.Tensor2D | undefined, c: number) =>
    maskedLogSoftmax(part(params, c), part(masks, c));

  const choose = (
    params: Float32Array,
    mask: ActionMask | undefined,
    action: Float32Array,
    pick: (logProbs: number[]) => number,
  ): number => {
    let logProb = 0;
    for (let c = 0; c < nvec.length; c++) {
      const row = logSoftmaxRow(params, begins[c], nvec[c], mask);
      const i = pick(row);
      action[c] = start[c] + i;
      logProb += row[i];
    }
    return logProb;
  };

  return {
    outputs: total,
    free: { count: 0, initial: 0 },
    actionSize: nvec.length,
    maskSize: total,
    sample: (params, mask, rng: Rng, action) =>
      choose(params, mask, action, (row) => {
        let u = rng.float();
        let last = 0;
        for (let i = 0; i < row.length; i++) {
          if (row[i] === -Infinity) continue;
          last = i;
          u -= Math.exp(row[i]);
          if (u < 0) break;
        }
        return last;
      }),
    mode: (params, mask, action) =>
      choose(params, mask, action, (row) => row.indexOf(Math.max(...row))),
    divergence(p, q, mask) {
      let kl = 0;
      for (let c = 0; c < nvec.length; c++) {
        const logP = logSoftmaxRow(p, begins[c], nvec[c], mask);
        const logQ = logSoftmaxRow(q, begins[c], nvec[c], mask);
        for (let i = 0; i < nvec[c]; i++) {
          if (logP[i] > -Infinity) kl += Math.exp(logP[i]) * (logP[i] - logQ[i]);
        }
      }
      return kl;
    },
    describe: (params, mask) =>
      nvec.flatMap((n, c) => logSoftmaxRow(params, begins[c], n, mask).map(Math.exp)),

    logProb: (params, actions, masks) =>
      sum(
        nvec.map((n, c) => {
          const choices = tf.range(start[c], start[c] + n);
          // Not tf.oneHot, which refuses a single choice.
          const chosen = tf.cast(tf.equal(tf.slice(actions, [0, c], [-1, 1]), choices), 'float32');
          return tf.sum(tf.mul(chosen, logs(params, masks, c)), 1) as tf.Tensor1D;
        }),
      ),
    entropy: (params, masks) =>
      sum(
        nvec.map((_, c) => {
          const log = logs(params, masks, c);
          return tf.neg(tf.sum(tf.mul(tf.exp(log), log), 1)) as tf.Tensor1D;
        }),
      ),
    kl: (p, q, masks) =>
      sum(
        nvec.map((_, c) => {
          const logP = logs(p, masks, c);
          const difference = tf.sub(logP, logs(q, masks, c));
          return tf.sum(tf.mul(tf.exp(logP), difference), 1) as tf.Tensor1D;
        }),
      ),
    toAction: (row) => space.read(row),
  };
}
