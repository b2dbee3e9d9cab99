import * as tf from '@tensorflow/tfjs-core';
import { runKernel } from '../../ops/fused.ts';
import { LINEAR, LINEAR_GRAD_W, LINEAR_GRAD_X } from '../../ops/linear.ts';
import { registerSimdKernel } from '../runtime/register.ts';
import { product } from './mat-mul.ts';

/** `linear` and its gradients, of which tfjs computes only those that it needs. */
export function register(): void {
  registerSimdKernel<Record<'x' | 'w' | 'b', tf.TensorInfo>, object>(
    LINEAR,
    ({ inputs: { x, w, b }, backend }) => {
      const of = { a: asRows(x), b: w, bias: b, transposeA: false, transposeB: false };
      return shaped(product(of, backend), [...x.shape.slice(0, -1), w.shape[1]]);
    },
  );
  registerSimdKernel<Record<'dy' | 'w', tf.TensorInfo>, object>(
    LINEAR_GRAD_X,
    ({ inputs: { dy, w }, backend }) => {
      const of = { a: asRows(dy), b: w, transposeA: false, transposeB: true };
      return shaped(product(of, backend), [...dy.shape.slice(0, -1), w.shape[0]]);
    },
  );
  registerSimdKernel<Record<'x' | 'dy', tf.TensorInfo>, object>(
    LINEAR_GRAD_W,
    ({ inputs: { x, dy }, backend }) =>
      product({ a: asRows(x), b: asRows(dy), transposeA: true, transposeB: false }, backend),
  );
  tf.registerGradient({
    kernelName: LINEAR,
    inputsToSave: ['x', 'w'],
    gradFunc: (gradient, [x, w]) => {
      const dy = gradient as tf.Tensor;
      const leading = dy.shape.slice(0, -1).map((_, axis) => axis);
      return {
        x: () => runKernel<tf.Tensor>(LINEAR_GRAD_X, { dy, w }),
        w: () => runKernel<tf.Tensor>(LINEAR_GRAD_W, { x, dy }),
        b: () => tf.sum(dy, leading),
      };
    },
  });
}

/** The same numbers as a matrix whose rows lie along the last axis. */
function asRows(x: tf.TensorInfo): tf.TensorInfo {
  const width = x.shape.at(-1)!;
  const rows = x.shape.slice(0, -1).reduce((a, b) => a * b, 1);
  return shaped(x, [rows, width]);
}

const shaped = ({ dataId, dtype }: tf.TensorInfo, shape: number[]): tf.TensorInfo => ({
  dataId,
  shape,
  dtype,
});
