import * as tf from '@tensorflow/tfjs-core';
import { scalarWithGradient } from '../../../kernels/ops/index.ts';
import type { Distribution, RowSurrogate, TermsByRows } from '../../../policy/index.ts';
import type { Loss } from './loss-report.ts';
import { actingRows, type Minibatch } from './minibatch.ts';
import type { PpoConfig } from './settings.ts';
import type { UpdateSchedule } from './targets.ts';

/**
 * Computes `lossByTensors` without distillation and magnet, and its gradient by the outputs, row by row, which saves some
 * hundred small tensor operations.
 *
 * @param outputs the heads' outputs [M, P + 2], depth by depth
 */
export function lossByRows(
  distribution: Distribution,
  outputs: tf.Tensor2D,
  batch: Minibatch,
  { ppo }: PpoConfig,
  phase: UpdateSchedule,
): Loss {
  const { decisions, reach } = batch;
  const width = outputs.shape[1];
  const size = width - 2;
  const { actionSize, maskSize } = distribution;
  const haltWeight = phase.released ? 1 / decisions : 0;
  const acts = actingRows(batch);
  const sums = { policy: 0, value: 0, entropy: 0 };
  const moved = { kl: 0, outside: 0, ratioError: 0 };
  let halting!: TermsByRows;

  const judge = (values: Float32Array) => {
    const gradient = new Float32Array(values.length);
    const actionOf = (i: number) => batch.actions.subarray(i * actionSize, (i + 1) * actionSize);
    const maskOf = (i: number) => batch.masks?.subarray(i * maskSize, (i + 1) * maskSize);

    const count = acts.rows.length;
    const logProbs = new Float64Array(count);
    const entropies = new Float64Array(count);
    for (let r = 0; r < count; r++) {
      const [i, row] = [acts.decisions[r], acts.rows[r] * width];
      const params = values.subarray(row, row + size);
      const scored = distribution.score(params, maskOf(i), actionOf(i));
      logProbs[r] = scored.logProb;
      entropies[r] = scored.entropy;
    }
    const logits = new Float64Array(values.length / width);
    for (let m = 0; m < logits.length; m++) logits[m] = values[m * width + size + 1];
    halting = batch.halting.byRows({
      ...{ logits, logProbs, entropies },
      surrogate: (logRatio, advantage) => clipped(logRatio, advantage, ppo.haltClip),
      entropyWeight: ppo.haltEntropy,
    });
    const { logProb, mixing, entropyWeights, haltSlopes } = halting;

    // In the order of the rows: the smallest depth first.
    const slopes = new Float64Array(decisions);
    for (let k = 0; k < reach.length; k++) {
      for (let i = reach[k + 1] ?? 0; i < reach[k]; i++) {
        const term = clipped(logProb[i] - batch.oldLogProb[i], batch.advantage[i], ppo.clip);
        slopes[i] = term.slope;
        sums.policy += term.loss;
        moved.kl += term.kl;
        if (term.off > ppo.clip) moved.outside++;
        moved.ratioError = Math.max(moved.ratioError, term.off);
      }
    }
    for (let r = 0; r < count; r++) {
      const [i, row] = [acts.decisions[r], acts.rows[r] * width];
      const slope = mixing ? slopes[i] * mixing.byLogProb[r] : slopes[i];
      const weight = entropyWeights ? entropyWeights[r] : 1;
      sums.entropy += weight * entropies[r];
      if (slope === 0 && weight === 0) continue;
      distribution.scoreGradient(
        values.subarray(row, row + size),
        maskOf(i),
        actionOf(i),
        slope / decisions,
        (-phase.entropy * weight) / decisions,
        gradient.subarray(row, row + size),
      );
    }
    let m = 0;
    for (const reached of reach) {
      for (let i = 0; i < reached; i++, m++) {
        const row = m * width;
        const mixed = mixing ? (slopes[i] * mixing.byLogit[m]) / decisions : 0;
        gradient[row + size + 1] = mixed + haltWeight * haltSlopes[m];
        const weight = batch.valueWeight[m];
        if (weight === 0) continue;
        const error = values[row + size] - batch.target[m];
        sums.value += weight * error * error;
        gradient[row + size] = (2 * ppo.valueWeight * weight * error) / decisions;
      }
    }
    const { policy, value, entropy } = sums;
    const total = policy + ppo.valueWeight * value - phase.entropy * entropy;
    const ofHalting = halting.haltLoss - ppo.haltEntropy * halting.haltEntropy;
    return { value: total / decisions + haltWeight * ofHalting, gradient };
  };
  const loss = scalarWithGradient(outputs, judge);
  const perDecision = [
    ...[sums.policy, halting.haltLoss, sums.value, sums.entropy],
    ...[halting.haltEntropy, moved.kl],
  ];
  return {
    loss,
    report: tf.tensor1d([
      ...perDecision.map((sum) => sum / decisions),
      halting.haltKl,
      moved.outside / decisions,
      Math.max(moved.ratioError, halting.off),
      0,
      ...halting.statistics,
    ]),
  };
}

/** −min(ratio·A, clip(ratio, 1 ± ε)·A), its derivative by ln ratio, and measures of the policy's change. */
function clipped(logRatio: number, advantage: number, epsilon: number): RowSurrogate {
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
