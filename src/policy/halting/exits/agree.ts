import { z } from 'zod';
import { count, defineExit, run } from './exit.ts';

/**
 * The exit `agree` ends a thought once the most likely action has stayed the same `count` times in a row, so not before
 * ponder step count + 1. For a Box, the same means a distance max_i |μ_n,i − μ_{n−1},i| / σ_n,i of at most `shift`.
 */
export const agree = defineExit({
  name: 'agree',
  summary: 'acts once the most likely action has stayed the same count times in a row',
  options: {
    count,
    shift: z
      .number()
      .min(0)
      .default(0.1)
      .describe(
        'The exit agree counts a Box action as the same if no entry moved by more than this many of its standard deviations.',
      ),
  },
  dial: { option: 'count', low: 1, high: 1000, rises: true, scale: 'integer' },
  rule: ({ count, shift }) => ({
    measure: {
      of: (states, actions, mask) => {
        const [before, now] = states.slice(-2);
        return now === undefined ? Infinity : actions.shift(before.params, now.params, mask);
      },
    },
    halts: ({ measured }) => run(measured, (moved) => moved <= shift) >= count,
  }),
  reason: ({ count, shift }, { measured }) => {
    const stayed = run(measured, (moved) => moved <= shift);
    return `the most likely action stayed the same ${stayed} of ${count} times in a row`;
  },
});
