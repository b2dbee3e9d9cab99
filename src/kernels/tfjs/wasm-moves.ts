import type { BackendWasm } from '@tensorflow/tfjs-backend-wasm';
import * as tf from '@tensorflow/tfjs-core';
import { heap, replaceWasmKernel } from './wasm-kernel.ts';

/**
 * Makes kernels that only move numbers fast: they copy runs within the heap. tfjs's own copy the data of every tensor that
 * a gradient saves, copy the whole input out of the heap for each slice, and gather and tile number by number with a
 * division for each axis.
 */
export function speedUpMoves(): void {
  replaceWasmKernel<tf.IdentityInputs, tf.NamedAttrMap>(tf.Identity, ({ inputs, backend }) => {
    backend.incRef(inputs.x.dataId);
    return { ...inputs.x };
  });

  replaceWasmKernel<tf.SliceInputs, tf.SliceAttrs>(tf.Slice, ({ inputs, attrs, backend }) => {
    const [begin, size] = tf.slice_util.parseSliceParams(
      inputs.x as tf.Tensor,
      attrs.begin,
      attrs.size,
    );
    return slice(inputs.x, begin, size, backend);
  });

  replaceWasmKernel<tf.SplitVInputs, tf.SplitVAttrs>(tf.SplitV, ({ inputs, attrs, backend }) => {
    const { x } = inputs;
    const [axis] = tf.util.parseAxisParam(attrs.axis, x.shape);
    const sizes = tf.backend_util.prepareSplitSize(x as tf.Tensor, attrs.numOrSizeSplits, axis);
    let start = 0;
    return sizes.map((length) => {
      const begin = x.shape.map((_, i) => (i === axis ? start : 0));
      start += length;
      return slice(x, begin, x.shape.with(axis, length), backend);
    });
  });

  replaceWasmKernel<tf.TileInputs, tf.TileAttrs>(tf.Tile, ({ inputs, attrs, backend }) =>
    tile(inputs.x, attrs.reps, backend),
  );

  replaceWasmKernel<tf.GatherV2Inputs, tf.GatherV2Attrs>(
    tf.GatherV2,
    ({ inputs, attrs, backend }) => {
      const { x, indices } = inputs;
      const [axis] = tf.util.parseAxisParam(attrs.axis, x.shape);
      const info = tf.backend_util.segment_util.collectGatherOpShapeInfo(
        x as tf.Tensor,
        indices as tf.Tensor,
        axis,
        attrs.batchDims,
      );
      return gather(x, indices, info, backend);
    },
  );
}

/** `x[begin .. begin+size]`. A run spans all trailing axes that are copied whole. */
function slice(
  x: tf.TensorInfo,
  begin: readonly number[],
  size: number[],
  backend: BackendWasm,
): tf.TensorInfo {
  const out = backend.makeOutput(size, x.dtype);
  if (tf.util.sizeFromShape(size) === 0) return out;
  const from = heap(backend, x);
  const to = heap(backend, out);
  let innermost = size.length - 1;
  while (innermost > 0 && size[innermost] === x.shape[innermost]) innermost--;
  const strides = [...tf.util.computeStrides(x.shape), 1];
  const run = size.length === 0 ? 1 : size[innermost] * strides[innermost];

  let target = 0;
  const visit = (axis: number, source: number) => {
    if (axis >= innermost) {
      copyRun(from, source + (begin[axis] ?? 0) * strides[axis], to, target, run);
      target += run;
      return;
    }
    for (let i = begin[axis]; i < begin[axis] + size[axis]; i++) {
      visit(axis + 1, source + i * strides[axis]);
    }
  };
  visit(0, 0);
  return out;
}

/** Repeats `x` along each axis, from the last to the first. */
function tile(x: tf.TensorInfo, reps: number[], backend: BackendWasm): tf.TensorInfo {
  backend.incRef(x.dataId);
  let tiled: tf.TensorInfo = { ...x };
  for (let axis = reps.length - 1; axis >= 0; axis--) {
    if (reps[axis] === 1) continue;
    const shape = tiled.shape.with(axis, tiled.shape[axis] * reps[axis]);
    const out = backend.makeOutput(shape, x.dtype);
    const from = heap(backend, tiled);
    const to = heap(backend, out);
    const run = tf.util.sizeFromShape(tiled.shape.slice(axis));
    for (let target = 0; target < to.length; target += run) {
      copyRun(from, Math.floor(target / run / reps[axis]) * run, to, target, run);
    }
    backend.disposeData(tiled.dataId);
    tiled = out;
  }
  return tiled;
}

/** `out[b, o, i, :] = x[b, o, indices[b, i], :]` */
function gather(
  x: tf.TensorInfo,
  indices: tf.TensorInfo,
  info: tf.backend_util.segment_util.GatherOpShapeInfo,
  backend: BackendWasm,
): tf.TensorInfo {
  const { batchSize, outerSize, dimSize, sliceSize, outputShape } = info;
  const out = backend.makeOutput(outputShape, x.dtype);
  const from = heap(backend, x);
  const to = heap(backend, out);
  const rows = heap(backend, indices);
  const perBatch = rows.length / batchSize;
  let target = 0;
  for (let block = 0; block < batchSize * outerSize; block++) {
    const first = Math.floor(block / outerSize) * perBatch;
    for (let i = first; i < first + perBatch; i++) {
      const row = rows[i];
      if (row < 0 || row >= dimSize) {
        backend.disposeData(out.dataId);
        throw new RangeError(`gather: index must be in 0..${dimSize - 1}, got ${row}`);
      }
      copyRun(from, (block * dimSize + row) * sliceSize, to, target, sliceSize);
      target += sliceSize;
    }
  }
  return out;
}

/** Copies short runs in a loop: a call of the built-in copy costs as much as 32 numbers. */
function copyRun(
  from: tf.TypedArray,
  source: number,
  to: tf.TypedArray,
  target: number,
  length: number,
): void {
  if (length > 32) to.set(from.subarray(source, source + length), target);
  else for (let i = 0; i < length; i++) to[target + i] = from[source + i];
}
