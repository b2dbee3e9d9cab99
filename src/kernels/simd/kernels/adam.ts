import type * as tf from '@tensorflow/tfjs-core';
import type { AdamNumbers } from '../../ops/adam-step.ts';
import { ADAM } from '../../ops/fused.ts';
import { LANES, Op, registerSimdKernel } from '../runtime/kernel.ts';
import { floatBits } from '../runtime/pool.ts';

/** `adamStep` on variables p0, p1, … with gradients g0, g1, … and moments m and v, all in place; gives the norm. */
export function registerAdam(): void {
  registerSimdKernel<Record<string, tf.TensorInfo>, AdamNumbers>(
    ADAM,
    ({ inputs, attrs, backend }) => {
      const { arena, pool } = backend;
      const parts = Array.from({ length: (Object.keys(inputs).length - 2) / 2 }, (_, i) => ({
        p: backend.address(inputs[`p${i}`]),
        g: backend.address(inputs[`g${i}`]),
        size: inputs[`p${i}`].shape.reduce((a, b) => a * b, 1),
      }));
      const lanes = arena.allocate(8 * LANES);
      const squares = new Float64Array(arena.memory.buffer, lanes, LANES);
      let total = 0;
      for (const { g, size } of parts) {
        pool.run(Op.squareSum, size, [lanes, g, size]);
        for (const sum of squares) total += sum;
      }
      arena.free(lanes);
      const norm = Math.sqrt(total);
      const result = backend.output([]);
      result.values[0] = norm;
      if (!Number.isFinite(norm)) return result;

      const { beta1, beta2, epsilon, learningRate, maxGradNorm, step } = attrs;
      const scale = norm > maxGradNorm ? maxGradNorm / norm : 1;
      const numbers = [learningRate, beta1, beta2, epsilon, 1 - beta1 ** step, 1 - beta2 ** step];
      const words = [...numbers, scale].map(floatBits);
      let [m, v] = [backend.address(inputs.m), backend.address(inputs.v)];
      for (const { p, g, size } of parts) {
        pool.run(Op.adam, 4 * size, [p, g, m, v, size, ...words]);
        m += 4 * size;
        v += 4 * size;
      }
      return result;
    },
  );
}
