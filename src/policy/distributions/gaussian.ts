import * as tf from '@tensorflow/tfjs-core';
import { type Box, type DType, indexIn } from '../../envs/spaces/index.ts';
import type { Distribution } from './distribution.ts';

/** Bounds of this size or more count as none, such as the largest float. */
const BOUNDLESS = 1e15;

/** The action of a mean of 0 (`middle`), and its distance to that of a mean of 1. */
function unitOf(low: number, high: number): { bounded: boolean; middle: number; scale: number } {
  const bounded = Math.max(Math.abs(low), Math.abs(high)) < BOUNDLESS;
  if (bounded) return { bounded, middle: (low + high) / 2, scale: (high - low) / 2 };
  const middle = clamp(0, low, high);
  return { bounded, middle, scale: Math.max(1, Math.abs(middle)) };
}

function clamp(x: number, low: number, high: number): number {
  return Math.min(high, Math.max(low, x));
}

const LOG_SQRT_2PI = 0.5 * Math.log(2 * Math.PI);

/**
 * The distribution of Box actions: a diagonal Gaussian. The head gives the means; the log standard deviations are
 * learned and do not depend on the observation. The parameters are the means, then the log deviations.
 *
 * The unit of an entry with two bounds is half its range, around the middle, so that ±1 are the bounds. Another entry
 * starts at 0, or at the bound nearest to 0 where 0 is outside, in units of that bound's size, at least 1. Only for the
 * environment, `toAction` clips values to the bounds, and rounds them where entries are whole numbers.
 */
export function gaussian(space: Box<DType>): Distribution {
  const n = space.size;
  const units = Array.from(space.low, (low, i) => unitOf(low, space.high[i]));
  const value = (mean: number, i: number) =>
    clamp(units[i].middle + units[i].scale * mean, space.low[i], space.high[i]);
  const round = space.dtype.startsWith('float') ? (x: number) => x : Math.round;
  const mean = (params: tf.Tensor2D) => tf.slice(params, [0, 0], [-1, n]);
  const logStd = (params: tf.Tensor2D) => tf.slice(params, [0, n], [-1, n]);

  return {
    summary: summaryOf(space),
    outputs: n,
    free: { count: n, initial: -0.5 },
    describes: 'means',
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
    shift(p, q) {
      let most = 0;
      for (let i = 0; i < n; i++) most = Math.max(most, Math.abs(q[i] - p[i]) / Math.exp(q[n + i]));
      return most;
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
    fromFlat(flat, action) {
      // An entry whose bounds are equal has a scale of 0.
      for (let i = 0; i < n; i++) action[i] = (flat[i] - units[i].middle) / (units[i].scale || 1);
    },
  };
}

function summaryOf({ size, low, high, dtype }: Box<DType>): string {
  const kind = dtype.startsWith('float') ? 'number' : 'whole number';
  const count = `${size} ${kind}${size === 1 ? '' : 's'}`;
  if (low.some((bound, i) => bound !== low[0] || high[i] !== high[0])) {
    return `${count}, each with its own bounds`;
  }
  const [least, most] = [low[0], high[0]].map((bound) => Number(bound.toPrecision(6)));
  const [hasLeast, hasMost] = [least, most].map((bound) => Math.abs(bound) < BOUNDLESS);
  if (hasLeast) return `${count} ${hasMost ? `in ${least}..${most}` : `from ${least} up`}`;
  return hasMost ? `${count} up to ${most}` : `${count} without bounds`;
}

/** Says why actions may not reach all of a Box, for its first entry without two bounds; undefined where all have two. */
export function explainBounds({ low, high, shape }: Box<DType>): string | undefined {
  const at = low.findIndex((bound, i) => !unitOf(bound, high[i]).bounded);
  if (at < 0) return undefined;
  const { middle, scale } = unitOf(low[at], high[at]);
  return (
    `expected both bounds within ±${BOUNDLESS.toExponential(0).replace('+', '')}, got ${low[at]}..${high[at]} at entry ` +
    `${indexIn(shape, at)}; so the first actions are drawn within about ${scale} of ${middle}`
  );
}
