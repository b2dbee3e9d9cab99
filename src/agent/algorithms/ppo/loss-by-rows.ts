import * as tf from '@tensorflow/tfjs-core';
import { byHand } from '../../../kernels/index.ts';
import { type Distribution, haltTerms } from '../../../policy/index.ts';
import type { Config } from '../../config.ts';
import type { Loss } from './loss.ts';
import type { Minibatch } from './minibatch.ts';
import type { LearningPhase } from './targets.ts';

/**
 * `lossByTensors` without distillation, row by row, with its gradient by the outputs: some hundred small
 * tensor operations less.
 *
 * @param outputs what the heads say [M, P + 2], depth by depth
 */
export function lossByRows(
  distribution: Distribution,
  outputs: tf.Tensor2D,
  batch: Minibatch,
  { ppo, halting }: Config,
  phase: LearningPhase,
): Loss {
  const { decisions, reach } = batch;
  const width = outputs.shape[1];
  const size = width - 2;
  const { actionSize, maskSize } = distribution;
  const haltWeight = phase.released ? 1 / decisions : 0;
  const sums = { policy: 0, halt: 0, value: 0, entropy: 0, haltEntropy: 0 };
  const moved = { kl: 0, haltKl: 0, choices: 0, outside: 0, ratioError: 0 };

  const judge = (values: Float32Array) => {
    const gradient = new Float32Array(values.length);
    const actOn = (row: number, i: number) => {
      const params = values.subarray(row, row + size);
      const action = batch.actions.subarray(i * actionSize, (i + 1) * actionSize);
      const mask = batch.masks?.subarray(i * maskSize, (i + 1) * maskSize);
      const { logProb, entropy } = distribution.score(params, mask, action);
      const term = clipped(logProb - batch.oldLogProb[i], batch.advantage[i], ppo.clip);
      sums.policy += term.loss;
      sums.entropy += entropy;
      moved.kl += term.kl;
      if (term.off > ppo.clip) moved.outside++;
      moved.ratioError = Math.max(moved.ratioError, term.off);
      distribution.scoreGradient(
        params,
        mask,
        action,
        term.slope / decisions,
        -phase.entropy / decisions,
        gradient.subarray(row, row + size),
      );
    };
    const chooseOn = (row: number, m: number) => {
      const at = row + size + 1;
      const { halt, act, think, actSlope, thinkSlope } = haltTerms(values[at], halting.floor);
      const thinks = batch.think[m] !== 0;
      const logRatio = (thinks ? think : act) - batch.oldLogHalt[m];
      const term = clipped(logRatio, batch.haltAdvantage[m], ppo.haltClip);
      sums.halt += term.loss;
      sums.haltEntropy -= halt * act + (1 - halt) * think;
      moved.haltKl += term.kl;
      moved.choices++;
      moved.ratioError = Math.max(moved.ratioError, term.off);
      const entropySlope = halt * actSlope * (think - act);
      const slope = term.slope * (thinks ? thinkSlope : actSlope);
      gradient[at] = haltWeight * (slope - ppo.haltEntropy * entropySlope);
    };
    let m = 0;
    reach.forEach((count, k) => {
      const thinkOn = reach[k + 1] ?? 0;
      for (let i = 0; i < count; i++, m++) {
        const row = m * width;
        if (i >= thinkOn) actOn(row, i);
        if (batch.haltMask[m] !== 0) chooseOn(row, m);
        if (batch.valueMask[m] !== 0) {
          const error = values[row + size] - batch.target[m];
          sums.value += error * error;
          gradient[row + size] = (2 * ppo.valueWeight * error) / decisions;
        }
      }
    });
    const { policy, value, entropy, halt, haltEntropy } = sums;
    const total = policy + ppo.valueWeight * value - phase.entropy * entropy;
    return {
      value: total / decisions + haltWeight * (halt - ppo.haltEntropy * haltEntropy),
      gradient,
    };
  };
  const loss = byHand(outputs, judge);
  const report = [sums.policy, sums.halt, sums.value, sums.entropy, sums.haltEntropy, moved.kl];
  return {
    loss,
    report: tf.tensor1d([
      ...report.map((sum) => sum / decisions),
      moved.haltKl / Math.max(moved.choices, 1),
      moved.outside / decisions,
      moved.ratioError,
    ]),
  };
}

/** −min(ratio·A, clip(ratio, 1 ± ε)·A), its slope by ln ratio, and how far the policy has moved. */
function clipped(logRatio: number, advantage: number, epsilon: number) {
  const ratio = Math.exp(logRatio);
  const within = Math.min(1 + epsilon, Math.max(1 - epsilon, ratio));
  const cut = ratio * advantage > within * advantage;
  return {
    loss: -(cut ? within : ratio) * advantage,
    slope: cut ? 0 : -ratio * advantage,
    /** Schulman's low-variance estimate of KL(old ‖ new). */
    kl: ratio - 1 - logRatio,
    off: Math.abs(ratio - 1),
  };
}
