import type * as tf from '@tensorflow/tfjs-core';
import { RMS_NORM, RMS_NORM_GRAD } from '../../ops/fused.ts';
import { LANES, Op, registerSimdKernel } from '../runtime/kernel.ts';
import { floatBits } from '../runtime/pool.ts';

interface Attrs {
  eps: number;
}

/** `rmsNorm` and its gradients. */
export function registerRmsNorm(): void {
  registerSimdKernel<Record<'x' | 'gain', tf.TensorInfo>, Attrs>(
    RMS_NORM,
    ({ inputs, attrs, backend }) => {
      const { x, gain } = inputs;
      const [rows, width] = rowsOf(x);
      const y = backend.output(x.shape);
      const r = backend.output([rows]);
      backend.pool.run(Op.rmsNorm, 2 * rows * width, [
        ...[y.address, r.address, backend.address(x), backend.address(gain)],
        ...[rows, width, floatBits(attrs.eps), 0],
      ]);
      return [y, r];
    },
  );

  registerSimdKernel<Record<'dy' | 'x' | 'r' | 'gain', tf.TensorInfo>, object>(
    RMS_NORM_GRAD,
    ({ inputs, backend }) => {
      const { dy, x, r, gain } = inputs;
      const [rows, width] = rowsOf(x);
      const dx = backend.output(x.shape);
      const dGain = backend.output([width]);
      const lanes = backend.arena.allocate(4 * LANES * width);
      backend.pool.run(Op.rmsNormGrad, 4 * rows * width, [
        ...[dx.address, lanes, backend.address(dy), backend.address(x), backend.address(r)],
        ...[backend.address(gain), rows, width, 0],
      ]);
      backend.pool.run(Op.laneSum, width, [dGain.address, lanes, width, 0]);
      backend.arena.free(lanes);
      return [dx, dGain];
    },
  );
}

function rowsOf({ shape }: tf.TensorInfo): [rows: number, width: number] {
  return [shape.slice(0, -1).reduce((a, b) => a * b, 1), shape.at(-1)!];
}
