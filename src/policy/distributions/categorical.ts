import * as tf from '@tensorflow/tfjs-core';
import type { Discrete, MaskRow, MultiDiscrete } from '../../envs/index.ts';
import type { Rng } from '../../kernels/common/index.ts';
import { maskedLogSoftmax } from '../../kernels/ops/index.ts';
import { chosenAmong } from './action-features.ts';
import type { Distribution } from './distribution.ts';
import { temper } from './temper.ts';

/** Writes the log-probabilities of one component's choices to the same places of `logs`; −∞ where the mask forbids. */
function logSoftmaxRow(
  params: Float32Array,
  begin: number,
  n: number,
  mask: MaskRow | undefined,
  logs: Float64Array,
): void {
  let max = -Infinity;
  for (let i = begin; i < begin + n; i++) {
    if (mask === undefined || mask[i] !== 0) max = Math.max(max, params[i]);
  }
  let sum = 0;
  for (let i = begin; i < begin + n; i++) {
    const allowed = mask === undefined || mask[i] !== 0;
    logs[i] = allowed ? params[i] - max : -Infinity;
    sum += Math.exp(logs[i]);
  }
  // Nothing is allowed after a choice that is not allowed either.
  const log = sum > 0 ? Math.log(sum) : 0;
  for (let i = begin; i < begin + n; i++) logs[i] -= log;
}

/** The index of the largest number from `begin` to `end` that the mask allows; the first one among equals. */
function likeliest(
  numbers: ArrayLike<number>,
  mask: MaskRow | undefined,
  begin: number,
  end: number,
): number {
  let best = -1;
  for (let i = begin; i < end; i++) {
    if (mask !== undefined && mask[i] === 0) continue;
    if (best < 0 || numbers[i] > numbers[best]) best = i;
  }
  return best;
}

/**
 * The distribution of Discrete and MultiDiscrete actions: an independent categorical for each component; masked choices
 * have probability 0. Its parameters are P = Σ nvec logits, one component after another.
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

  const rows = [new Float64Array(total), new Float64Array(total)];
  /** Log-probabilities of a row's choices; they hold until the next call for that `row`. */
  const logsOf = (params: Float32Array, mask: MaskRow | undefined, row = 0): Float64Array => {
    for (let c = 0; c < nvec.length; c++) {
      logSoftmaxRow(params, begins[c], nvec[c], mask, rows[row]);
    }
    return rows[row];
  };
  const choose = (
    params: Float32Array,
    mask: MaskRow | undefined,
    action: Float32Array,
    pick: (logs: Float64Array, begin: number, end: number) => number,
  ): number => {
    const logs = logsOf(params, mask);
    let logProb = 0;
    for (let c = 0; c < nvec.length; c++) {
      const i = pick(logs, begins[c], begins[c] + nvec[c]);
      action[c] = start[c] + i - begins[c];
      logProb += logs[i];
    }
    return logProb;
  };
  const entropyOf = (logs: Float64Array, c: number): number => {
    let entropy = 0;
    for (let i = begins[c]; i < begins[c] + nvec[c]; i++) {
      if (logs[i] > -Infinity) entropy -= Math.exp(logs[i]) * logs[i];
    }
    return entropy;
  };

  return {
    summary: summaryOf(nvec),
    outputs: total,
    free: { count: 0, initial: 0 },
    describes: 'probabilities',
    actionSize: nvec.length,
    maskSize: total,
    sample: (params, mask, rng: Rng, action) =>
      choose(params, mask, action, (logs, begin, end) => {
        let u = rng.float();
        let last = begin;
        for (let i = begin; i < end; i++) {
          if (logs[i] === -Infinity) continue;
          last = i;
          u -= Math.exp(logs[i]);
          if (u < 0) break;
        }
        return last;
      }),
    mode: (params, mask, action) =>
      choose(params, mask, action, (logs, begin, end) => likeliest(logs, undefined, begin, end)),
    tempered(params, mask, how) {
      const logits = Float32Array.from(params, (logit, i) =>
        mask === undefined || mask[i] !== 0 ? logit : -Infinity,
      );
      for (let c = 0; c < nvec.length; c++) {
        temper(logits.subarray(begins[c], begins[c] + nvec[c]), how);
      }
      return logits;
    },
    score(params, mask, action) {
      const logs = logsOf(params, mask);
      let [logProb, entropy] = [0, 0];
      for (let c = 0; c < nvec.length; c++) {
        logProb += logs[begins[c] + action[c] - start[c]];
        entropy += entropyOf(logs, c);
      }
      return { logProb, entropy };
    },
    scoreGradient(params, mask, action, a, b, gradient) {
      const logs = logsOf(params, mask);
      for (let c = 0; c < nvec.length; c++) {
        const entropy = entropyOf(logs, c);
        for (let i = begins[c]; i < begins[c] + nvec[c]; i++) {
          const p = Math.exp(logs[i]);
          gradient[i] = p === 0 ? 0 : -p * (a + b * (logs[i] + entropy));
        }
        gradient[begins[c] + action[c] - start[c]] += a;
      }
    },
    logProbGradient(params, mask, action, a, gradient) {
      let logProb = 0;
      for (let c = 0; c < nvec.length; c++) {
        const [begin, end] = [begins[c], begins[c] + nvec[c]];
        const chosen = begin + action[c] - start[c];
        let max = -Infinity;
        for (let i = begin; i < end; i++) {
          if ((mask === undefined || mask[i] !== 0) && params[i] > max) max = params[i];
        }
        let sum = 0;
        for (let i = begin; i < end; i++) {
          const weight = mask === undefined || mask[i] !== 0 ? Math.exp(params[i] - max) : 0;
          gradient[i] = weight;
          sum += weight;
        }
        for (let i = begin; i < end; i++) gradient[i] *= -a / sum;
        gradient[chosen] += a;
        logProb += params[chosen] - max - Math.log(sum);
      }
      return logProb;
    },
    divergence(p, q, mask) {
      const logP = logsOf(p, mask);
      const logQ = logsOf(q, mask, 1);
      let kl = 0;
      for (let i = 0; i < total; i++) {
        if (logP[i] > -Infinity) kl += Math.exp(logP[i]) * (logP[i] - logQ[i]);
      }
      return kl;
    },
    shift(p, q, mask) {
      const same = nvec.every((n, c) => {
        const end = begins[c] + n;
        return likeliest(p, mask, begins[c], end) === likeliest(q, mask, begins[c], end);
      });
      return same ? 0 : Infinity;
    },
    describe(params, mask) {
      const logs = logsOf(params, mask);
      const probabilities = new Array<number>(total);
      for (let i = 0; i < total; i++) probabilities[i] = Math.exp(logs[i]);
      return probabilities;
    },

    logProb: (params, actions, masks) =>
      sum(
        nvec.map((n, c) => {
          const chosen = chosenAmong(tf.slice(actions, [0, c], [-1, 1]), start[c], n);
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
    fromFlat: (flat, action) => action.set(flat),
  };
}

function summaryOf(nvec: readonly number[]): string {
  if (nvec.length === 1) return nvec[0] === 1 ? '1 choice' : `${nvec[0]} choices`;
  if (nvec.length <= 4) return `${nvec.join(' × ')} choices`;
  const [least, most] = [Math.min(...nvec), Math.max(...nvec)];
  return `${nvec.length} entries of ${least === most ? most : `${least}..${most}`} choices`;
}
