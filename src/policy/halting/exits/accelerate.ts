import { z } from 'zod';
import { compared, count, defineExit, run } from './exit.ts';

/**
 * The exit `accelerate` ends a thought once its latent state moves on a straight course:
 * ‖Δ_n − Δ_{n−1}‖ < acceleration, `count` times in a row, with Δ_n = x_n − x_{n−1} and x = z / ‖z‖ of the readout. It
 * never ends one at the first ponder step.
 *
 * It is the second-order exit of Pappone, Crisostomi and Rodolà (arXiv 2509.23314), which uses count 2 and z itself. The
 * norm makes a bound mean the same for every size of z.
 */
export const accelerate = defineExit({
  name: 'accelerate',
  summary:
    'acts once successive changes of the latent thought agree: ‖Δ_n − Δ_{n−1}‖ < acceleration, count times in a row',
  options: {
    count,
    acceleration: z
      .number()
      .positive()
      .default(0.7)
      .describe(
        'Distance between two successive changes of the normed readout, in 0..4, below which the exit accelerate acts.',
      ),
  },
  dial: { option: 'acceleration', low: 1e-3, high: 4, rises: false, scale: 'log' },
  rule: ({ count, acceleration }) => ({
    measure: {
      readsLatent: true,
      of: (states) => {
        const [last, now] = states.slice(-2);
        if (now === undefined) return Infinity;
        return bend(last.before, last.latent, now.latent);
      },
    },
    halts: ({ measured }) => run(measured, (bent) => bent < acceleration) >= count,
  }),
  reason: ({ acceleration }, { measured }) =>
    compared('acceleration', measured.at(-1)!, '<', acceleration),
});

/** ‖(c − b) − (b − a)‖ of three vectors that are first normed. */
function bend(a: Float32Array, b: Float32Array, c: Float32Array): number {
  const [ofA, ofB, ofC] = [perNorm(a), perNorm(b), perNorm(c)];
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += (c[i] * ofC - 2 * b[i] * ofB + a[i] * ofA) ** 2;
  return Math.sqrt(sum);
}

/** 1 / ‖x‖, or 0 where x is 0. */
function perNorm(x: Float32Array): number {
  let sum = 0;
  for (let i = 0; i < x.length; i++) sum += x[i] ** 2;
  return sum === 0 ? 0 : 1 / Math.sqrt(sum);
}
