import type { BackendWasm } from '@tensorflow/tfjs-backend-wasm';
import * as tf from '@tensorflow/tfjs-core';
import { heap, releaseView, replaceWasmKernel, view, wasmKernel } from './wasm-kernel.ts';

const tfjsMatMul = wasmKernel<tf.BatchMatMulInputs, tf.BatchMatMulAttrs>(tf.BatchMatMul);
const tfjsFusedMatMul = wasmKernel<tf._FusedMatMulInputs, tf._FusedMatMulAttrs>(tf._FusedMatMul);
const tfjsTranspose = wasmKernel<tf.TransposeInputs, tf.TransposeAttrs>(tf.Transpose);

/**
 * Makes the wasm backend's products of two matrices fast and safe.
 *
 * Fast: XNNPACK multiplies only matrices that are not transposed. For others, as in the gradient of every product, tfjs
 * uses a naive loop that is 12 times slower. These kernels transpose the matrix first.
 *
 * Safe: tfjs keeps XNNPACK's packed form of `b` by the identity of its data. The same data in another shape would be
 * multiplied in the old shape, and the result would be written beyond the end of the output.
 */
export function repairMatMul(): void {
  replaceWasmKernel<tf.BatchMatMulInputs, tf.BatchMatMulAttrs>(tf.BatchMatMul, (args) => {
    const { a, b } = args.inputs;
    if (![a, b].every(isMatrix)) return tfjsMatMul(args);
    const leading = (a.shape.length > b.shape.length ? a : b).shape.slice(0, -2);
    const out = matMul(matrix(a), matrix(b), args.attrs, args.backend);
    return { ...out, shape: [...leading, ...out.shape] };
  });
  replaceWasmKernel<tf._FusedMatMulInputs, tf._FusedMatMulAttrs>(tf._FusedMatMul, (args) => {
    const { inputs, backend } = args;
    if (isBatch(inputs.b)) return tfjsFusedMatMul(args);
    return packedOnce(inputs.b, backend, (b) =>
      tfjsFusedMatMul({ ...args, inputs: { ...inputs, b } }),
    );
  });
}

const isBatch = ({ shape }: tf.TensorInfo) => tf.util.sizeFromShape(shape.slice(0, -2)) !== 1;
const isMatrix = (x: tf.TensorInfo) => x.dtype === 'float32' && !isBatch(x) && !x.shape.includes(0);
const matrix = (x: tf.TensorInfo): tf.TensorInfo => ({ ...x, shape: x.shape.slice(-2) });

function matMul(
  a: tf.TensorInfo,
  b: tf.TensorInfo,
  { transposeA, transposeB }: tf.BatchMatMulAttrs,
  backend: BackendWasm,
): tf.TensorInfo {
  if (transposeB) {
    const bT = transpose(b, backend);
    const out = matMul(a, bT, { transposeA, transposeB: false }, backend);
    backend.disposeData(bT.dataId);
    return out;
  }
  return transposeA ? transposedMatMul(a, b, backend) : plainMatMul(a, b, backend);
}

function plainMatMul(a: tf.TensorInfo, b: tf.TensorInfo, backend: BackendWasm): tf.TensorInfo {
  const attrs = { transposeA: false, transposeB: false };
  return packedOnce(b, backend, (b) => tfjsMatMul({ inputs: { a, b }, attrs, backend }));
}

function transpose(x: tf.TensorInfo, backend: BackendWasm): tf.TensorInfo {
  return tfjsTranspose({ inputs: { x }, attrs: { perm: [1, 0] }, backend }) as tf.TensorInfo;
}

/** Rows at a time. They stay in cache; at a power of two, their strides would collide there. */
const CHUNK = 504;

/** `aᵀ·b`, a [N, I], b [N, O]. XNNPACK packs its right side, so the narrower matrix goes there. */
function transposedMatMul(a: tf.TensorInfo, b: tf.TensorInfo, backend: BackendWasm): tf.TensorInfo {
  const [rows, left] = a.shape;
  const right = b.shape[1];
  if (left < right) {
    const outT = transposedMatMul(b, a, backend);
    const out = transpose(outT, backend);
    backend.disposeData(outT.dataId);
    return out;
  }
  const step = Math.ceil(rows / Math.ceil(rows / CHUNK));
  const out = backend.makeOutput([left, right], 'float32');
  heap(backend, out).fill(0);
  for (let row = 0; row < rows; row += step) {
    const count = Math.min(step, rows - row);
    const aChunk = view(backend, a, [count, left], row * left);
    const bChunk = view(backend, b, [count, right], row * right);
    const aChunkT = transpose(aChunk, backend);
    const part = plainMatMul(aChunkT, bChunk, backend);
    const [sums, terms] = [heap(backend, out), heap(backend, part)];
    for (let i = 0; i < sums.length; i++) sums[i] += terms[i];
    backend.disposeData(part.dataId);
    backend.disposeData(aChunkT.dataId);
    releaseView(backend, aChunk);
    releaseView(backend, bChunk);
  }
  return out;
}

/** The shape in which each tensor's data were packed first. */
const packed = new WeakMap<object, string>();

/** Runs a product with `b`, or with a view of `b` if its data are packed in another shape. */
function packedOnce(
  b: tf.TensorInfo,
  backend: BackendWasm,
  product: (b: tf.TensorInfo) => tf.TensorInfo | tf.TensorInfo[],
): tf.TensorInfo {
  const shape = b.shape.slice(-2).join();
  const before = packed.get(b.dataId);
  if (before === undefined) packed.set(b.dataId, shape);
  if (before === undefined || before === shape) return product(b) as tf.TensorInfo;
  const other = view(backend, b, b.shape);
  const out = product(other) as tf.TensorInfo;
  releaseView(backend, other);
  return out;
}
