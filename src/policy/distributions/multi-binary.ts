import * as tf from '@tensorflow/tfjs-core';
import type { MultiBinary } from '../../envs/index.ts';
import { logSigmoid } from '../../kernels/ops/index.ts';
import type { Distribution } from './distribution.ts';

const logSigmoidOf = (x: number): number =>
  x >= 0 ? -Math.log1p(Math.exp(-x)) : x - Math.log1p(Math.exp(x));
const sigmoidOf = (x: number): number => Math.exp(logSigmoidOf(x));

/** The distribution of MultiBinary actions: independent bits, with a logit for each. */
export function bernoulli(space: MultiBinary): Distribution {
  const bits = space.size;
  const choose = (params: Float32Array, action: Float32Array, pick: (p: number) => boolean) => {
    let logProb = 0;
    for (let i = 0; i < bits; i++) {
      const one = pick(sigmoidOf(params[i]));
      action[i] = one ? 1 : 0;
      logProb += logSigmoidOf(one ? params[i] : -params[i]);
    }
    return logProb;
  };
  /** Σ p·log(p/q) + (1−p)·log((1−p)/(1−q)) over bits. */
  const kl = (p: tf.Tensor2D, q: tf.Tensor2D): tf.Tensor1D => {
    const one = tf.sigmoid(p);
    const ones = tf.mul(one, tf.sub(logSigmoid(p), logSigmoid(q)));
    const zeros = tf.mul(tf.sub(1, one), tf.sub(logSigmoid(tf.neg(p)), logSigmoid(tf.neg(q))));
    return tf.sum(tf.add(ones, zeros), 1) as tf.Tensor1D;
  };
  return {
    summary: bits === 1 ? '1 bit' : `${bits} bits`,
    outputs: bits,
    free: { count: 0, initial: 0 },
    describes: 'probabilities',
    actionSize: bits,
    maskSize: 0,
    sample: (params, _mask, rng, action) => choose(params, action, (p) => rng.float() < p),
    mode: (params, _mask, action) => choose(params, action, (p) => p >= 0.5),
    score(params, _mask, action) {
      let [logProb, entropy] = [0, 0];
      for (let i = 0; i < bits; i++) {
        const [one, log, logNot] = [
          sigmoidOf(params[i]),
          logSigmoidOf(params[i]),
          logSigmoidOf(-params[i]),
        ];
        logProb += action[i] === 1 ? log : logNot;
        entropy -= one * log + (1 - one) * logNot;
      }
      return { logProb, entropy };
    },
    scoreGradient(params, _mask, action, a, b, gradient) {
      for (let i = 0; i < bits; i++) {
        const one = sigmoidOf(params[i]);
        gradient[i] = a * (action[i] - one) - b * one * (1 - one) * params[i];
      }
    },
    divergence(p, q) {
      let sum = 0;
      for (let i = 0; i < bits; i++) {
        const one = sigmoidOf(p[i]);
        sum += one * (logSigmoidOf(p[i]) - logSigmoidOf(q[i]));
        sum += (1 - one) * (logSigmoidOf(-p[i]) - logSigmoidOf(-q[i]));
      }
      return sum;
    },
    shift(p, q) {
      for (let i = 0; i < bits; i++) if (p[i] >= 0 !== q[i] >= 0) return Infinity;
      return 0;
    },
    describe: (params) => Array.from(params.subarray(0, bits), sigmoidOf),
    logProb(params, actions) {
      // log σ(x) for a 1, log σ(−x) for a 0
      const signed = tf.mul(params, tf.sub(tf.mul(actions, 2), 1));
      return tf.sum(logSigmoid(signed), 1) as tf.Tensor1D;
    },
    entropy(params) {
      const one = tf.sigmoid(params);
      const nats = tf.add(
        tf.mul(one, logSigmoid(params)),
        tf.mul(tf.sub(1, one), logSigmoid(tf.neg(params))),
      );
      return tf.neg(tf.sum(nats, 1)) as tf.Tensor1D;
    },
    kl,
    toAction: (row) => space.read(row),
    fromFlat: (flat, action) => action.set(flat),
  };
}
