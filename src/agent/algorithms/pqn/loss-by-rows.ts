import * as tf from '@tensorflow/tfjs-core';
import { scalarWithGradient } from '../../../kernels/ops/index.ts';
import type { Loss } from './loss-report.ts';
import type { Minibatch } from './minibatch.ts';

/** Computes `lossByTensors` and its gradient by the outputs, row by row. */
export function lossByRows(outputs: tf.Tensor2D, batch: Minibatch, thinkWeight: number): Loss {
  const { decisions, parts, target, think } = batch;
  const width = outputs.shape[1];
  const sums = [0, 0, 0];
  const loss = scalarWithGradient(outputs, (data) => {
    const gradient = new Float32Array(data.length);
    for (let m = 0; m < target.length; m++) {
      const [begin, end] = [m * width, (m + 1) * width];
      let chosen = 0;
      for (let i = begin; i < end; i++) chosen += data[i] * parts[i];
      const error = chosen - target[m];
      const thought = think[m] !== 0;
      sums[thought ? 1 : 0] += (error * error) / 2;
      if (!thought) sums[2] += chosen;
      const slope = ((thought ? thinkWeight : 1) * error) / decisions;
      for (let i = begin; i < end; i++) gradient[i] = slope * parts[i];
    }
    return { value: (sums[0] + thinkWeight * sums[1]) / decisions, gradient };
  });
  return { loss, report: tf.tensor1d(sums.map((sum) => sum / decisions)) };
}
