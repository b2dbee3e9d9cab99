import type { BackendWasm } from '@tensorflow/tfjs-backend-wasm';
import '@tensorflow/tfjs-backend-wasm';
import * as tf from '@tensorflow/tfjs-core';

/** A kernel of the wasm backend. `Inputs` and `Attrs` are tfjs-core's types for it. */
export type WasmKernel<Inputs, Attrs> = (args: {
  inputs: { [Name in keyof Inputs]: NonNullable<Inputs[Name]> };
  attrs: Attrs;
  backend: BackendWasm;
}) => tf.TensorInfo | tf.TensorInfo[];

/** The kernel that is registered for wasm. */
export function wasmKernel<Inputs, Attrs>(kernelName: string): WasmKernel<Inputs, Attrs> {
  return tf.getKernel(kernelName, 'wasm')!.kernelFunc as unknown as WasmKernel<Inputs, Attrs>;
}

/** Registers a kernel for wasm. It replaces the backend's own, if there is one. */
export function replaceWasmKernel<Inputs, Attrs>(
  kernelName: string,
  kernel: WasmKernel<Inputs, Attrs>,
): void {
  const original = tf.getKernel(kernelName, 'wasm');
  if (original) tf.unregisterKernel(kernelName, 'wasm');
  tf.registerKernel({
    ...original,
    kernelName,
    backendName: 'wasm',
    kernelFunc: kernel as unknown as tf.KernelFunc,
  });
}

/** The values of a tensor on the wasm heap, without a copy. They are invalid after the next allocation. */
export function heap(backend: BackendWasm, tensor: tf.TensorInfo): tf.TypedArray {
  return backend.typedArrayFromHeap(tensor) as tf.TypedArray;
}

/**
 * Another tensor in the memory of `x`, from float `start` on, without a copy. The caller must release it with
 * `releaseView` before it disposes of `x`.
 */
export function view(
  backend: BackendWasm,
  x: tf.TensorInfo,
  shape: number[],
  start = 0,
): tf.TensorInfo {
  const offset = backend.getMemoryOffset(x.dataId) + start * Float32Array.BYTES_PER_ELEMENT;
  return backend.makeOutput(shape, 'float32', offset);
}

/** Removes a view. Its memory stays with the tensor. */
export function releaseView(backend: BackendWasm, { dataId }: tf.TensorInfo): void {
  backend.wasm.tfjs.disposeData(backend.dataIdMap.get(dataId).id);
  backend.dataIdMap.delete(dataId);
}
