import * as tf from '@tensorflow/tfjs-core';
import { registerSimdKernel, simdKernel } from '../runtime/register.ts';
import type { SimdBackend } from '../runtime/simd-backend.ts';

/** Sums and means of float32 over adjacent axes, accumulated in float64. */
export function register(): void {
  for (const kernelName of [tf.Sum, tf.Mean]) {
    const cpu = simdKernel<tf.SumInputs, tf.SumAttrs>(kernelName);
    registerSimdKernel<tf.SumInputs, tf.SumAttrs>(kernelName, (args) => {
      const { inputs, attrs, backend } = args;
      const axes = tf.util.parseAxisParam(attrs.axis, inputs.x.shape).sort((i, j) => i - j);
      const contiguous = axes.every((axis, i) => axis === axes[0] + i);
      if (inputs.x.dtype !== 'float32' || !contiguous || axes.length === 0) return cpu(args);
      return sum(inputs.x, axes, attrs.keepDims, kernelName === tf.Mean, backend);
    });
  }
}

function sum(
  x: tf.TensorInfo,
  axes: number[],
  keepDims: boolean,
  mean: boolean,
  backend: SimdBackend,
): tf.TensorInfo {
  const [first, end] = [axes[0], axes[0] + axes.length];
  const outer = tf.util.sizeFromShape(x.shape.slice(0, first));
  const summed = tf.util.sizeFromShape(x.shape.slice(first, end));
  const inner = tf.util.sizeFromShape(x.shape.slice(end));
  const kept = keepDims ? axes.map(() => 1) : [];
  const out = backend.output([...x.shape.slice(0, first), ...kept, ...x.shape.slice(end)]);
  const values = backend.values(x);
  const factor = mean ? 1 / summed : 1;
  if (inner === 1) sumRuns(values, out.values, summed, factor);
  else sumRows(values, out.values, outer, summed, inner, factor);
  return out;
}

/** [outer, summed] -> [outer] */
function sumRuns(x: Float32Array, y: Float32Array, summed: number, factor: number): void {
  for (let i = 0, k = 0; i < y.length; i++) {
    let total = 0;
    for (const end = k + summed; k < end; k++) total += x[k];
    y[i] = total * factor;
  }
}

let totals = new Float64Array(256);

/** [outer, summed, inner] -> [outer, inner] */
function sumRows(
  x: Float32Array,
  y: Float32Array,
  outer: number,
  summed: number,
  inner: number,
  factor: number,
): void {
  if (totals.length < inner) totals = new Float64Array(inner);
  const sums = totals;
  for (let i = 0, k = 0; i < outer; i++) {
    sums.fill(0, 0, inner);
    for (let row = 0; row < summed; row++) {
      for (let j = 0; j < inner; j++) sums[j] += x[k++];
    }
    for (let j = 0; j < inner; j++) y[i * inner + j] = sums[j] * factor;
  }
}
