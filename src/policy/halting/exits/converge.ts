import { z } from 'zod';
import { compared, defineExit } from './exit.ts';

/**
 * The exit `converge` ends a thought once the action distribution hardly moves: KL(π_{n−1} ‖ π_n) < tolerance (Huginn,
 * Geiping et al. 2025, arXiv 2502.05171). It learns nothing, so it is the baseline of a learned head. It never ends a
 * thought at the first ponder step.
 */
export const converge = defineExit({
  name: 'converge',
  summary: 'acts once the action distribution has stopped moving: KL(π_{n−1} ‖ π_n) < tolerance',
  options: {
    tolerance: z
      .number()
      .positive()
      .default(0.03)
      .describe('The exit converge acts once the KL between two steps is below this, in nats.'),
  },
  dial: { option: 'tolerance', low: 1e-7, high: 10, rises: false, scale: 'log' },
  rule: ({ tolerance }) => ({
    measure: {
      of: (states, actions, mask) => {
        const [before, now] = states.slice(-2);
        return now === undefined ? Infinity : actions.divergence(before.params, now.params, mask);
      },
    },
    halts: ({ measured }) => measured.at(-1)! < tolerance,
  }),
  reason: ({ tolerance }, { measured }) => compared('KL', measured.at(-1)!, '<', tolerance),
});
