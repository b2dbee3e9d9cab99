import type * as tf from '@tensorflow/tfjs-core';
import { ADAM, type AdamNumbers } from '../../ops/adam-step.ts';
import { LANES } from '../runtime/constants.ts';
import { defineKernel, float, int, pointer } from '../runtime/define-kernel.ts';
import { registerSimdKernel } from '../runtime/register.ts';

export const adam = defineKernel('adam', {
  args: {
    p: pointer('parameters [n]'),
    g: pointer('gradients [n]'),
    m: pointer('means of the gradients [n]'),
    v: pointer('means of their squares [n]'),
    n: int(),
    lr: float(),
    beta1: float(),
    beta2: float(),
    eps: float(),
    correction1: float('1 − β₁ᵗ'),
    correction2: float('1 − β₂ᵗ'),
    clip: float('factor of the gradients'),
  },
  split: { by: 'share', over: 'n' },
  work: ({ n }) => 4 * n,
});

export const squareSum = defineKernel('squareSum', {
  args: { lanes: pointer('[LANES] in float64'), x: pointer('[n]'), n: int() },
  split: { by: 'lanes', over: 'n', least: 1024 },
  work: ({ n }) => n,
});

/** `adamStep` on variables p0, p1, … with gradients g0, g1, … and moments m and v, all in place; returns the norm. */
export function register(): void {
  registerSimdKernel<Record<string, tf.TensorInfo>, AdamNumbers>(
    ADAM,
    ({ inputs, attrs, backend }) => {
      const { arena, pool } = backend;
      const parts = Array.from({ length: (Object.keys(inputs).length - 2) / 2 }, (_, i) => ({
        p: backend.address(inputs[`p${i}`]),
        g: backend.address(inputs[`g${i}`]),
        n: inputs[`p${i}`].shape.reduce((a, b) => a * b, 1),
      }));
      const lanes = arena.allocate(8 * LANES);
      const squares = new Float64Array(arena.memory.buffer, lanes, LANES);
      let total = 0;
      for (const { g, n } of parts) {
        pool.run(squareSum, { lanes, x: g, n });
        for (const sum of squares) total += sum;
      }
      arena.free(lanes);
      const norm = Math.sqrt(total);
      const result = backend.output([]);
      result.values[0] = norm;
      if (!Number.isFinite(norm)) return result;

      const { beta1, beta2, epsilon, learningRate, maxGradNorm, step } = attrs;
      const numbers = {
        lr: learningRate,
        beta1,
        beta2,
        eps: epsilon,
        correction1: 1 - beta1 ** step,
        correction2: 1 - beta2 ** step,
        clip: norm > maxGradNorm ? maxGradNorm / norm : 1,
      };
      let [m, v] = [backend.address(inputs.m), backend.address(inputs.v)];
      for (const { p, g, n } of parts) {
        pool.run(adam, { p, g, m, v, n, ...numbers });
        m += 4 * n;
        v += 4 * n;
      }
      return result;
    },
  );
}
