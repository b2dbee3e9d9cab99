import { MathBackendCPU } from '@tensorflow/tfjs-backend-cpu';
import type { BackendWasm } from '@tensorflow/tfjs-backend-wasm';
import * as tf from '@tensorflow/tfjs-core';
import { heap, replaceWasmKernel } from './wasm-kernel.ts';

/**
 * Registers kernels of the wasm backend. Some it lacks, and gradients need them (of gather and of convolutions). Others it
 * has wrong: the maximum of a window of negative numbers (MaxPool3D, and the gradients of both pools), the gradients of
 * conv3d, and dilation2d of several channels.
 */
export function fillWasmGaps(): void {
  replaceWasmKernel<tf.UnsortedSegmentSumInputs, tf.UnsortedSegmentSumAttrs>(
    tf.UnsortedSegmentSum,
    ({ inputs, attrs, backend }) =>
      segmentSum(inputs.x, inputs.segmentIds, attrs.numSegments, backend),
  );
  for (const kernelName of [
    tf.DepthwiseConv2dNativeBackpropFilter,
    tf.DepthwiseConv2dNativeBackpropInput,
    tf.MaxPoolGrad,
    tf.MaxPool3D,
    tf.MaxPool3DGrad,
    tf.Conv3DBackpropFilterV2,
    tf.Conv3DBackpropInputV2,
    tf.Dilation2D,
    tf.Dilation2DBackpropFilter,
    tf.Dilation2DBackpropInput,
  ]) {
    runOnCpu(kernelName);
  }
}

/** `out[s, ...] = Σ x[i, ...]` over all `i` with `ids[i] = s`. Rows with an id outside 0..segments-1 are left out. */
function segmentSum(
  x: tf.TensorInfo,
  ids: tf.TensorInfo,
  segments: number,
  backend: BackendWasm,
): tf.TensorInfo {
  const out = backend.makeOutput([segments, ...x.shape.slice(1)], x.dtype);
  const values = heap(backend, x);
  const sums = heap(backend, out).fill(0);
  const segmentIds = heap(backend, ids);
  const width = tf.util.sizeFromShape(x.shape.slice(1));
  for (let i = 0, k = 0; i < segmentIds.length; i++) {
    const id = segmentIds[i];
    if (id < 0 || id >= segments) {
      k += width;
      continue;
    }
    for (let j = id * width; j < (id + 1) * width; j++) sums[j] += values[k++];
  }
  return out;
}

/** Runs the cpu backend's kernel on the wasm heap without a copy of the inputs, and copies the result back. */
function runOnCpu(kernelName: string): void {
  const cpu = new MathBackendCPU();
  const { kernelFunc } = tf.getKernel(kernelName, 'cpu')!;
  replaceWasmKernel<tf.NamedTensorInfoMap, tf.NamedAttrMap>(
    kernelName,
    ({ inputs, attrs, backend }) => {
      const views = Object.entries(inputs).map(([name, x]): [string, tf.TensorInfo] => {
        const view = cpu.makeTensorInfo(x.shape, x.dtype, heap(backend, x));
        // Some kernels take the input for a tensor and read its rank.
        return [name, { ...view, rank: x.shape.length } as tf.TensorInfo];
      });
      const result = kernelFunc({
        inputs: Object.fromEntries(views),
        attrs,
        backend: cpu,
      }) as tf.TensorInfo;
      const values = cpu.readSync(result.dataId) as tf.TypedArray;
      const out = backend.makeOutput(result.shape, result.dtype, undefined, values);
      for (const { dataId } of [result, ...views.map(([, view]) => view)]) cpu.disposeData(dataId);
      return out;
    },
  );
}
