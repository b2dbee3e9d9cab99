import { z } from 'zod';
import { run } from './agree.ts';
import { compared, count, defineExit } from './exit.ts';

/**
 * Once the latent thought no longer changes its course: ‖Δ_n − Δ_{n−1}‖ < acceleration `count` times in a row,
 * where Δ_n = x_n − x_{n−1} and x = z / ‖z‖, the readout as the heads see it but for its gain. Second-order, and
 * needs no decoding (Pappone, Crisostomi and Rodolà, Two-Scale Latent Dynamics for Recurrent-Depth Transformers,
 * 2509.23314, with count 2 and z as it is; normed, a bound means the same whatever the size of z). Never at the first
 * step.
 */
export const accelerate = defineExit({
  name: 'accelerate',
  summary:
    'once the latent thought no longer changes its course: ‖Δ_n − Δ_{n−1}‖ < acceleration, count times in a row',
  options: {
    count,
    acceleration: z
      .number()
      .positive()
      .default(0.7)
      .describe(
        'Change of the change of the normed readout (0 to 4) below which the exit accelerate acts.',
      ),
  },
  dial: { option: 'acceleration', low: 1e-3, high: 4, rises: false, scale: 'log' },
  rule: ({ count, acceleration }) => ({
    measure: {
      readsLatent: true,
      of: (states) => {
        const [last, now] = states.slice(-2);
        if (now === undefined) return Infinity;
        return bend(unit(last.before), unit(last.latent), unit(now.latent));
      },
    },
    halts: ({ measured }) => run(measured, (bent) => bent < acceleration) >= count,
  }),
  reason: ({ acceleration }, { measured }) =>
    compared('acceleration', measured.at(-1)!, '<', acceleration),
});

/** ‖(c − b) − (b − a)‖. */
function bend(a: Float64Array, b: Float64Array, c: Float64Array): number {
  return Math.hypot(...c.map((x, i) => x - 2 * b[i] + a[i]));
}

/** x / ‖x‖, 0 where it is 0. */
function unit(x: Float32Array): Float64Array {
  const size = Math.hypot(...x);
  return Float64Array.from(x, (value) => (size === 0 ? 0 : value / size));
}
