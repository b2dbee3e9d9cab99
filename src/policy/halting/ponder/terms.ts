import * as tf from '@tensorflow/tfjs-core';
import type {
  HaltingTerms,
  TermInputsByRows,
  TermInputsByTensors,
  TermsByRows,
  TermsByTensors,
} from '../definition.ts';
import { logHalt } from '../probability.ts';
import { type DepthSettings, Mixture } from './mixture.ts';

/** The inputs of a minibatch's terms beside the policy's outputs. */
export interface PonderColumns {
  decisions: number;
  settings: DepthSettings;
  /** Cost of a ponder step, in the unit of the scaled advantages. */
  price: number;
  /** ln prior over depths [K], and the weight of the divergence from it. */
  logPrior: Float64Array;
  priorWeight: number;
  /** p and q of the policy that acted, depth by depth [K, B]. */
  oldOwn: Float32Array;
  oldActed: Float32Array;
}

/**
 * The terms of `ponder`, with p, q and π as `Mixture` has them:
 *
 *     ln π(a)        whose ratio to that of the policy that acted PPO clips
 *     haltLoss       price · E_q[n − minSteps] + priorWeight · KL(p ‖ prior)
 *     haltEntropy    H(p)
 *     entropy        Σ q_n H(π_n), with the q that acted
 *     haltKl         KL(p that acted ‖ p)
 *
 * The cost is an exact expectation, in the same unit as the advantage, and has a gradient to the halting head as the
 * ratio has. Its forced share f has none.
 */
export function ponderTerms(columns: PonderColumns): HaltingTerms {
  return {
    byTensors: (inputs) => byTensors(columns, inputs),
    byRows: (inputs) => byRows(columns, inputs),
  };
}

function byTensors(columns: PonderColumns, inputs: TermInputsByTensors): TermsByTensors {
  const { decisions, settings, price, priorWeight, oldOwn, oldActed } = columns;
  const { minSteps, maxSteps, floor, released, forced } = settings;
  const depths = maxSteps - minSteps + 1;
  const byDepth = (x: tf.Tensor) => tf.reshape(x, [maxSteps, decisions]) as tf.Tensor2D;
  const open = (x: tf.Tensor) => tf.slice(byDepth(x), [minSteps - 1, 0], [depths, decisions]);
  const host = (x: Float32Array) => open(tf.tensor1d(x));
  const zero = tf.scalar(0);
  const entropy = tf.mul(host(oldActed), open(inputs.entropies));
  const logProbs = open(inputs.logProbs);
  if (!released) {
    const logProb = tf.reshape(tf.slice(logProbs, [depths - 1, 0], [1, -1]), [-1]);
    return {
      ...{ logProb: logProb as tf.Tensor1D, entropy },
      ...{ haltLoss: zero, haltEntropy: zero, haltKl: zero, off: zero },
      statistics: [tf.scalar(maxSteps), zero],
    };
  }
  const logOwn = logDepths(open(inputs.logits), floor);
  const own = tf.exp(logOwn);
  // Without forced depths the logarithm is at hand, and finite where p itself is 0 in float32.
  const logActed = forced === 0 ? logOwn : tf.log(tf.add(tf.mul(own, 1 - forced), forced / depths));
  const acted = forced === 0 ? own : tf.exp(logActed);
  const beyond = tf.reshape(tf.range(0, depths), [depths, 1]);
  const logPrior = tf.tensor2d(Float32Array.from(columns.logPrior.slice(minSteps - 1)), [
    depths,
    1,
  ]);
  const cost = tf.mul(tf.sum(tf.mul(acted, beyond)), price);
  const divergence = tf.sum(tf.mul(own, tf.sub(logOwn, logPrior)));
  const old = host(oldOwn);
  const moved = tf.sum(tf.mul(old, tf.sub(tf.log(tf.maximum(old, TINY)), logOwn)));
  return {
    logProb: tf.logSumExp(tf.add(logActed, logProbs), 0) as tf.Tensor1D,
    entropy,
    haltLoss: tf.add(cost, tf.mul(divergence, priorWeight)),
    haltEntropy: tf.neg(tf.sum(tf.mul(own, logOwn))),
    haltKl: tf.div(moved, decisions) as tf.Scalar,
    off: zero,
    statistics: [
      tf.add(tf.div(tf.sum(tf.mul(own, beyond)), decisions), minSteps) as tf.Scalar,
      tf.div(divergence, decisions) as tf.Scalar,
    ],
  };
}

/** Stands in for 0 in a logarithm whose weight is 0. */
const TINY = 1e-30;

/** ln p of the depths minSteps..maxSteps, of the halting logits there [depths, B]. */
function logDepths(logits: tf.Tensor, floor: number): tf.Tensor {
  const [depths, decisions] = logits.shape;
  if (depths === 1) return tf.zeros([1, decisions!]);
  const { act, think } = logHalt(tf.slice(logits, [0, 0], [depths - 1, -1]), floor);
  const left = tf.cumsum(think, 0, true);
  return tf.concat([tf.add(act, left), tf.sum(think, 0, true)], 0);
}

function byRows(columns: PonderColumns, inputs: TermInputsByRows): TermsByRows {
  const { decisions, settings, price, logPrior, priorWeight, oldOwn, oldActed } = columns;
  const { minSteps, released, forced } = settings;
  const mixture = new Mixture(settings);
  const { own, acted, share } = mixture;
  const logProb = new Float64Array(decisions);
  const byLogProb = new Float64Array(inputs.logProbs.length);
  const byLogit = new Float64Array(inputs.logits.length);
  const haltSlopes = new Float64Array(inputs.logits.length);
  const logs = new Float64Array(own.length);
  let [cost, divergence, haltEntropy, moved, steps] = [0, 0, 0, 0, 0];
  for (let i = 0; i < decisions; i++) {
    mixture.read((index) => inputs.logits[index * decisions + i]);
    logProb[i] = mixture.mix((index) => inputs.logProbs[index * decisions + i]);
    for (let index = 0; index < own.length; index++) {
      byLogProb[index * decisions + i] = share[index];
      // 0·ln 0 is 0.
      logs[index] = Math.log(Math.max(own[index], Number.MIN_VALUE));
    }
    steps += mixture.mean(own, (index) => index + 1);
    if (!released) continue;
    const beyond = (index: number) => index + 1 - minSteps;
    cost += price * mixture.mean(acted, beyond);
    divergence += mixture.mean(own, (index) => logs[index] - logPrior[index]);
    haltEntropy -= mixture.mean(own, (index) => logs[index]);
    for (let index = minSteps - 1; index < own.length; index++) {
      const old = oldOwn[index * decisions + i];
      if (old > 0) moved += old * (Math.log(old) - logs[index]);
    }
    const mixed = (index: number) =>
      acted[index] === 0 ? 0 : ((1 - forced) * own[index] * share[index]) / acted[index];
    mixture.addSlopes(mixed, byLogit, i, decisions);
    // The constant that a logarithm's slope adds goes through p, whose sum is 1, and comes to nothing.
    const paid = (index: number) =>
      own[index] === 0
        ? 0
        : own[index] *
          ((1 - forced) * price * beyond(index) +
            priorWeight * (logs[index] - logPrior[index]) +
            inputs.entropyWeight * logs[index]);
    mixture.addSlopes(paid, haltSlopes, i, decisions);
  }
  return {
    logProb,
    mixing: { byLogProb, byLogit },
    entropyWeights: oldActed,
    haltLoss: cost + priorWeight * divergence,
    haltEntropy,
    haltSlopes,
    haltKl: moved / decisions,
    off: 0,
    statistics: [steps / decisions, divergence / decisions],
  };
}
