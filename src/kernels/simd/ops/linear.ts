import * as tf from '@tensorflow/tfjs-core';
import { LINEAR } from '../../fused.ts';
import { registerSimdKernel } from '../kernel.ts';
import { matMul } from './mat-mul.ts';

/** `x·w + b` of matrices; only those of its gradients are made that are asked for. */
export function registerLinear(): void {
  registerSimdKernel<Record<'x' | 'w' | 'b', tf.TensorInfo>, object>(
    LINEAR,
    ({ inputs: { x, w, b }, backend }) =>
      matMul({ a: x, b: w, bias: b, transposeA: false, transposeB: false }, backend),
  );
  tf.registerGradient({
    kernelName: LINEAR,
    inputsToSave: ['x', 'w'],
    gradFunc: (gradient, [x, w]) => {
      const dy = gradient as tf.Tensor;
      return {
        x: () => tf.matMul(dy, w, false, true),
        w: () => tf.matMul(x, dy, true, false),
        b: () => tf.sum(dy, 0),
      };
    },
  });
}
