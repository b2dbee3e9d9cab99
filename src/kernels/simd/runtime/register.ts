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

/** Registers a tfjs kernel for simd where `fits` is true of its call; elsewhere the kernel before it stays. */
export function registerWhere<Inputs, Attrs>(
  kernelName: string,
  fits: (inputs: Parameters<SimdKernel<Inputs, Attrs>>[0]['inputs'], attrs: Attrs) => boolean,
  kernel: SimdKernel<Inputs, Attrs>,
): void {
  const before = simdKernel<Inputs, Attrs>(kernelName);
  registerSimdKernel<Inputs, Attrs>(kernelName, (args) =>
    fits(args.inputs, args.attrs) ? kernel(args) : before(args),
  );
}

/** Whether all inputs of a kernel are of float32. */
export function areFloats(inputs: object): boolean {
  return (Object.values(inputs) as tf.TensorInfo[]).every(({ dtype }) => dtype === 'float32');
}
