import * as tf from '@tensorflow/tfjs-core';
import type { SimdBackend } from './simd-backend.ts';

/** A tfjs kernel of the simd backend. `Inputs` and `Attrs` are tfjs-core's types for it. */
export type SimdKernel<Inputs, Attrs> = (args: {
  inputs: { [Name in keyof Inputs]: NonNullable<Inputs[Name]> };
  attrs: Attrs;
  backend: SimdBackend;
}) => tf.TensorInfo | tf.TensorInfo[];

/** The tfjs kernel that is registered for simd: at first that of the cpu backend. */
export function simdKernel<Inputs, Attrs>(kernelName: string): SimdKernel<Inputs, Attrs> {
  return tf.getKernel(kernelName, 'simd')!.kernelFunc as unknown as SimdKernel<Inputs, Attrs>;
}

/** Registers a tfjs kernel for simd. It replaces an earlier one of that name. */
export function registerSimdKernel<Inputs, Attrs>(
  kernelName: string,
  kernel: SimdKernel<Inputs, Attrs>,
): void {
  if (tf.getKernel(kernelName, 'simd')) tf.unregisterKernel(kernelName, 'simd');
  tf.registerKernel({
    kernelName,
    backendName: 'simd',
    kernelFunc: kernel as unknown as tf.KernelFunc,
  });
}
