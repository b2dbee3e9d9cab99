import type { BackendWasm } from '@tensorflow/tfjs-backend-wasm';
import * as tf from '@tensorflow/tfjs-core';
import { heap, releaseView, replaceWasmKernel, view, wasmKernel } from './wasm-kernel.ts';

const tfjsSum = wasmKernel<tf.SumInputs, tf.SumAttrs>(tf.Sum);
const tfjsAvgPool = wasmKernel<tf.AvgPoolInputs, tf.AvgPoolAttrs>(tf.AvgPool);

/**
 * Makes sums over axes other than the last fast, such as the gradient of a bias. tfjs transposes first; XNNPACK's
 * average pool sums without that.
 */
export function speedUpSum(): void {
  replaceWasmKernel<tf.SumInputs, tf.SumAttrs>(tf.Sum, (args) => {
    const { inputs, attrs, backend } = args;
    const { x } = inputs;
    const axes = tf.util.parseAxisParam(attrs.axis, x.shape).sort((i, j) => i - j);
    const [first, end] = [axes[0], axes[0] + axes.length];
    const outer = tf.util.sizeFromShape(x.shape.slice(0, first));
    const summed = tf.util.sizeFromShape(x.shape.slice(first, end));
    const inner = tf.util.sizeFromShape(x.shape.slice(end));
    const contiguous = axes.at(-1) === end - 1;
    if (x.dtype !== 'float32' || !contiguous || inner < 4 || outer * summed === 0) {
      return tfjsSum(args);
    }
    const shape = x.shape.flatMap((size, axis) => {
      if (!axes.includes(axis)) return [size];
      return attrs.keepDims ? [1] : [];
    });
    if (summed === 1) {
      backend.incRef(x.dataId);
      return { ...x, shape };
    }
    const sum =
      outer === 1
        ? sumRows(x, summed, inner, backend)
        : sumMiddle(x, outer, summed, inner, backend);
    return { ...sum, shape };
  });
}

/** Sums over the middle axis of [outer, summed, inner]. */
function sumMiddle(
  x: tf.TensorInfo,
  outer: number,
  summed: number,
  inner: number,
  backend: BackendWasm,
): tf.TensorInfo {
  const image = { ...x, shape: [outer, summed, 1, inner] };
  const attrs: tf.AvgPoolAttrs = { filterSize: [summed, 1], strides: 1, pad: 'valid' };
  const out = tfjsAvgPool({ inputs: { x: image }, attrs, backend }) as tf.TensorInfo;
  const means = heap(backend, out);
  for (let i = 0; i < means.length; i++) means[i] *= summed;
  return out;
}

/** Rows that one pool sums. A single size, because the backend keeps a pool for each size that it has seen. */
const GROUP = 16;

/** Sums over the rows of [rows, width]. */
function sumRows(
  x: tf.TensorInfo,
  rows: number,
  width: number,
  backend: BackendWasm,
): tf.TensorInfo {
  const groups = Math.floor(rows / GROUP);
  const out = backend.makeOutput([width], 'float32');
  heap(backend, out).fill(0);
  if (groups > 0) {
    const whole = view(backend, x, [groups * GROUP, width]);
    const sums = sumMiddle(whole, groups, GROUP, width, backend);
    addRows(heap(backend, out), heap(backend, sums));
    backend.disposeData(sums.dataId);
    releaseView(backend, whole);
  }
  addRows(heap(backend, out), heap(backend, x).subarray(groups * GROUP * width));
  return out;
}

function addRows(sums: tf.TypedArray, rows: tf.TypedArray): void {
  for (let k = 0; k < rows.length; ) {
    for (let j = 0; j < sums.length; j++) sums[j] += rows[k++];
  }
}
