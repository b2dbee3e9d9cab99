import * as tf from '@tensorflow/tfjs-core';
import type { Box, DType } from '../../envs/index.ts';
import type { Distribution } from './distribution.ts';

const LOG_SQRT_2PI = 0.5 * Math.log(2 * Math.PI);

/**
 * Box actions: a diagonal Gaussian whose means the head gives and whose log standard deviations are
 * learned apart from the observation. P = means, then log deviations.
 *
 * An entry with two finite bounds is in units of half its range around the middle, so that ±1 are
 * the bounds; what lies outside is clipped, and rounded where entries are whole numbers, for the
 * environment alone.
 */
export function gaussian(space: Box<DType>): Distribution {
  const n = space.size;
  const bounded = Array.from(space.low, (low, i) => Number.isFinite(low + space.high[i]));
  const middle = bounded.map((b, i) => (b ? (space.low[i] + space.high[i]) / 2 : 0));
  const scale = bounded.map((b, i) => (b ? (space.high[i] - space.low[i]) / 2 : 1));
  const value = (mean: number, i: number) =>
    Math.min(space.high[i], Math.max(space.low[i], middle[i] + scale[i] * mean));
  const round = space.dtype.startsWith('float') ? (x: number) => x : Math.round;
  const mean = (params: tf.Tensor2D) => tf.slice(params, [0, 0], [-1, n]);
  const logStd = (params: tf.Tensor2D) => tf.slice(params, [0, n], [-1, n]);

  return {
    outputs: n,
    free: { count: n, initial: -0.5 },
    actionSize: n,
    maskSize: 0,
    sample(params, _mask, rng, action) {
      let logProb = 0;
      for (let i = 0; i < n; i++) {
        // The row holds float32, so the log-probability is that of the rounded draw.
        action[i] = params[i] + Math.exp(params[n + i]) * rng.normal();
        const z = (action[i] - params[i]) / Math.exp(params[n + i]);
        logProb -= 0.5 * z * z + params[n + i] + LOG_SQRT_2PI;
      }
      return logProb;
    },
    mode(params, _mask, action) {
      let logProb = 0;
      for (let i = 0; i < n; i++) {
        action[i] = params[i];
        logProb -= params[n + i] + LOG_SQRT_2PI;
      }
      return logProb;
    },
    score(params, _mask, action) {
      let [logProb, entropy] = [0, 0];
      for (let i = 0; i < n; i++) {
        const log = params[n + i];
        const z = (action[i] - params[i]) * Math.exp(-log);
        logProb -= 0.5 * z * z + log + LOG_SQRT_2PI;
        entropy += log + LOG_SQRT_2PI + 0.5;
      }
      return { logProb, entropy };
    },
    scoreGradient(params, _mask, action, a, b, gradient) {
      for (let i = 0; i < n; i++) {
        const precision = Math.exp(-params[n + i]);
        const z = (action[i] - params[i]) * precision;
        gradient[i] = a * z * precision;
        gradient[n + i] = a * (z * z - 1) + b;
      }
    },
    divergence(p, q) {
      let kl = 0;
      for (let i = 0; i < n; i++) {
        const ratio = Math.exp(2 * (p[n + i] - q[n + i]));
        const shift = (p[i] - q[i]) / Math.exp(q[n + i]);
        kl += q[n + i] - p[n + i] + 0.5 * (ratio + shift * shift - 1);
      }
      return kl;
    },
    describe: (params) => Array.from(params.subarray(0, n), value),
    logProb(params, actions) {
      const log = logStd(params);
      const z = tf.mul(tf.sub(actions, mean(params)), tf.exp(tf.neg(log)));
      const terms = tf.add(tf.mul(tf.square(z), 0.5), log);
      return tf.neg(tf.add(tf.sum(terms, 1), n * LOG_SQRT_2PI)) as tf.Tensor1D;
    },
    entropy: (params) => tf.add(tf.sum(logStd(params), 1), n * (LOG_SQRT_2PI + 0.5)) as tf.Tensor1D,
    kl(p, q) {
      const [logP, logQ] = [logStd(p), logStd(q)];
      const ratio = tf.exp(tf.mul(tf.sub(logP, logQ), 2));
      const shift = tf.mul(tf.sub(mean(p), mean(q)), tf.exp(tf.neg(logQ)));
      const terms = tf.sub(tf.add(ratio, tf.square(shift)), 1);
      return tf.sum(tf.add(tf.sub(logQ, logP), tf.mul(terms, 0.5)), 1) as tf.Tensor1D;
    },
    toAction: (row) => space.read(Float64Array.from(row, (x, i) => round(value(x, i)))),
  };
}
