import * as tf from '@tensorflow/tfjs-core';
import type { SimdBackend } from './simd-backend.ts';

/** A kernel of the simd backend; `Inputs` and `Attrs` are those that tfjs-core declares for it. */
export type SimdKernel<Inputs, Attrs> = (args: {
  inputs: { [Name in keyof Inputs]: NonNullable<Inputs[Name]> };
  attrs: Attrs;
  backend: SimdBackend;
}) => tf.TensorInfo | tf.TensorInfo[];

/** The kernel registered for simd: at first the cpu backend's. */
export function simdKernel<Inputs, Attrs>(kernelName: string): SimdKernel<Inputs, Attrs> {
  return tf.getKernel(kernelName, 'simd')!.kernelFunc as unknown as SimdKernel<Inputs, Attrs>;
}

/** Registers a kernel for simd, in the place of another if there is one. */
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
