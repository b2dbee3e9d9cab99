import * as tf from '@tensorflow/tfjs-core';
import { scalarWithGradient } from '../../../kernels/ops/index.ts';
import type { Distribution } from '../../../policy/index.ts';
import type { Loss } from './loss-report.ts';
import type { Minibatch } from './minibatch.ts';
import type { ThoughtCost } from './thought-cost.ts';

/**
 * Computes the mean over decisions of `ThoughtCost`, and its gradient by the outputs, row by row.
 * @param outputs the heads' outputs [K · B, P + 2], depth by depth
 */
export function lossByRows(
  distribution: Distribution,
  outputs: tf.Tensor2D,
  batch: Minibatch,
  cost: ThoughtCost,
): Loss {
  const { decisions, reach } = batch;
  const width = outputs.shape[1];
  const size = width - 2;
  const { actionSize, maskSize } = distribution;
  const sums = { nats: 0, deepest: 0, steps: 0, priorKl: 0, beside: 0 };
  const medians = new Array<number>(decisions);
  const loss = scalarWithGradient(outputs, (data) => {
    const gradient = new Float32Array(data.length);
    const slopes = new Float64Array(decisions * reach.length);
    const losses = new Float64Array(reach.length);
    for (let i = 0; i < decisions; i++) {
      const action = batch.actions.subarray(i * actionSize, (i + 1) * actionSize);
      const mask = batch.masks?.subarray(i * maskSize, (i + 1) * maskSize);
      const rowOf = (index: number) => (index * decisions + i) * width;
      const paramsOf = (index: number) => data.subarray(rowOf(index), rowOf(index) + size);
      cost.read((index) => data[rowOf(index) + size + 1]);
      const { weights } = cost;
      for (let index = 0; index < losses.length; index++) {
        const slope = -weights[index] / decisions;
        const row = rowOf(index);
        const own = gradient.subarray(row, row + size);
        losses[index] = -scored(distribution, paramsOf(index), mask, action, slope, own);
        sums.nats += weights[index] * losses[index];
      }
      sums.deepest += losses[losses.length - 1];
      sums.steps += cost.expectedSteps;
      sums.priorKl += cost.priorKl;
      medians[i] = cost.medianSteps;
      sums.beside += cost.beside;
      cost.addSlopes((index) => losses[index], slopes, i, decisions);
    }
    slopes.forEach((slope, m) => {
      gradient[m * width + size + 1] = slope / decisions;
    });
    return { value: (sums.nats + sums.beside) / decisions, gradient };
  });
  const { nats, deepest, steps, priorKl } = sums;
  const report = [nats, deepest, steps, priorKl].map((sum) => sum / decisions);
  return { loss, report: tf.tensor1d([...report, ...medians]) };
}

/** ln π(action); adds `slope` times its gradient by the parameters to `gradient`, where zeros are. */
function scored(
  distribution: Distribution,
  params: Float32Array,
  mask: Float32Array | undefined,
  action: Float32Array,
  slope: number,
  gradient: Float32Array,
): number {
  const { logProbGradient } = distribution;
  if (logProbGradient) return logProbGradient(params, mask, action, slope, gradient);
  if (slope !== 0) distribution.scoreGradient(params, mask, action, slope, 0, gradient);
  return distribution.score(params, mask, action).logProb;
}
