import * as tf from '@tensorflow/tfjs-core';
import type { SimdBackend } from './simd-backend.ts';

/** A kernel of the simd backend; `Inputs` and `Attrs` are those that tfjs-core declares for it. */
export type SimdKernel<Inputs, Attrs> = (args: {
  inputs: { [Name in keyof Inputs]: NonNullable<Inputs[Name]> };
  attrs: Attrs;
  backend: SimdBackend;
}) => tf.TensorInfo | tf.TensorInfo[];

/** Numbers by which the module knows its kernels. */
export const Op = {
  matMul: 1,
  laneSum: 2,
  rmsNorm: 3,
  rmsNormGrad: 4,
  attention: 5,
  attentionGrad: 6,
  embed: 7,
  embedGrad: 8,
  rows: 9,
  reluGrad: 10,
  adam: 11,
  squareSum: 12,
  add: 13,
  block: 20,
  blockGrad: 21,
  pack: 22,
  heads: 30,
  headsGrad: 31,
  field: 32,
  fieldGrad: 33,
} as const;

/** Sums over a batch go to so many lanes, added up at the end, whatever the number of threads. */
export const LANES = 8;

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
