import * as tf from '@tensorflow/tfjs-core';
import { heap, replaceWasmKernel, wasmKernel } from './wasm-kernel.ts';

type Info = tf.backend_util.Conv2DInfo;

/**
 * Adds the gradient of a convolution's filter, which the wasm backend lacks: the windows of the pictures, laid out as rows
 * of a matrix, times dy.
 */
export function addFilterGradient(): void {
  replaceWasmKernel<tf.Conv2DBackpropFilterInputs, tf.Conv2DBackpropFilterAttrs>(
    tf.Conv2DBackpropFilter,
    ({ inputs: { x, dy }, attrs, backend }) => {
      const { strides, pad, dimRoundingMode, filterShape } = attrs;
      const shape = x.shape as [number, number, number, number];
      const info = tf.backend_util.computeConv2DInfo(
        ...([shape, filterShape, strides, 1, pad, dimRoundingMode] as const),
      );
      const [rows, channels] = [dy.shape.slice(0, 3).reduce((a, b) => a * b), dy.shape[3]];
      const size = tf.util.sizeFromShape(filterShape.slice(0, 3));
      const windows = backend.makeOutput([rows, size], 'float32');
      copyWindows(heap(backend, windows), heap(backend, x), info);
      const product = wasmKernel<tf.BatchMatMulInputs, tf.BatchMatMulAttrs>(tf.BatchMatMul);
      const found = product({
        inputs: { a: windows, b: { ...dy, shape: [rows, channels] } },
        attrs: { transposeA: true, transposeB: false },
        backend,
      }) as tf.TensorInfo;
      backend.disposeData(windows.dataId);
      return { ...found, shape: filterShape };
    },
  );
}

/** Copies each window of the pictures x [B, H, W, C] into a row of `to`, with zeros beyond the edges. */
function copyWindows(to: tf.TypedArray, x: tf.TypedArray, info: Info): void {
  const { inHeight, inWidth, inChannels, filterHeight, filterWidth, padInfo } = info;
  const row = filterWidth * inChannels;
  let at = 0;
  for (let picture = 0; picture < info.batchSize; picture++) {
    for (let r = 0; r < info.outHeight; r++) {
      for (let c = 0; c < info.outWidth; c++) {
        const left = c * info.strideWidth - padInfo.left;
        const [begin, end] = [Math.max(0, -left), Math.min(filterWidth, inWidth - left)];
        for (let i = 0; i < filterHeight; i++, at += row) {
          const h = r * info.strideHeight - padInfo.top + i;
          to.fill(0, at, at + row);
          if (h < 0 || h >= inHeight) continue;
          const from = ((picture * inHeight + h) * inWidth + left) * inChannels;
          for (let j = begin * inChannels; j < end * inChannels; j++) to[at + j] = x[from + j];
        }
      }
    }
  }
}
