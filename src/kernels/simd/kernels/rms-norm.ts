import type * as tf from '@tensorflow/tfjs-core';
import { RMS_NORM, RMS_NORM_GRAD } from '../../ops/rms-norm.ts';
import { LANES } from '../runtime/constants.ts';
import { defineKernel, flag, float, int, optional, pointer } from '../runtime/define-kernel.ts';
import { registerSimdKernel } from '../runtime/register.ts';
import { laneSum } from './lane-sum.ts';

export const rmsNorm = defineKernel('rmsNorm', {
  args: {
    y: pointer('[rows, D]'),
    r: pointer('[rows]'),
    x: pointer('[rows, D]'),
    gain: pointer('[D]'),
    rows: int(),
    D: int('a multiple of four'),
    eps: float(),
    residual: optional('[rows, D], added to y'),
  },
  split: { by: 'share', over: 'rows' },
  work: ({ rows, D }) => 2 * rows * D,
});

export const rmsNormGrad = defineKernel('rmsNormGrad', {
  args: {
    dx: pointer('[rows, D]'),
    dgain: pointer('[LANES, D]'),
    dy: pointer('[rows, D]'),
    x: pointer('[rows, D]'),
    r: pointer('[rows]'),
    gain: pointer('[D]'),
    rows: int(),
    D: int('a multiple of four'),
    accumulate: flag('whether dx is added to'),
  },
  split: { by: 'lanes', over: 'rows', least: 16 },
  work: ({ rows, D }) => 4 * rows * D,
});

/** `rmsNorm` and its gradients. */
export function register(): void {
  registerSimdKernel<Record<'x' | 'gain', tf.TensorInfo>, { eps: number }>(
    RMS_NORM,
    ({ inputs: { x, gain }, attrs: { eps }, backend }) => {
      const [rows, D] = rowsOf(x);
      const y = backend.output(x.shape);
      const r = backend.output([rows]);
      backend.pool.run(rmsNorm, {
        y: y.address,
        r: r.address,
        x: backend.address(x),
        gain: backend.address(gain),
        rows,
        D,
        eps,
      });
      return [y, r];
    },
  );

  registerSimdKernel<Record<'dy' | 'x' | 'r' | 'gain', tf.TensorInfo>, object>(
    RMS_NORM_GRAD,
    ({ inputs: { dy, x, r, gain }, backend }) => {
      const [rows, D] = rowsOf(x);
      const dx = backend.output(x.shape);
      const dgain = backend.output([D]);
      const lanes = backend.arena.allocate(4 * LANES * D);
      backend.pool.run(rmsNormGrad, {
        dx: dx.address,
        dgain: lanes,
        dy: backend.address(dy),
        x: backend.address(x),
        r: backend.address(r),
        gain: backend.address(gain),
        rows,
        D,
        accumulate: false,
      });
      backend.pool.run(laneSum, { y: dgain.address, lanes, n: D, accumulate: false });
      backend.arena.free(lanes);
      return [dx, dgain];
    },
  );
}

function rowsOf({ shape }: tf.TensorInfo): [rows: number, width: number] {
  return [shape.slice(0, -1).reduce((a, b) => a * b, 1), shape.at(-1)!];
}
