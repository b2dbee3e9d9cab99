import { z } from 'zod';
import type { HaltingRule } from '../rule.ts';
import { defineExit } from './exit.ts';

/**
 * A rule that draws the number of ponder steps, independent of the observation.
 * @param histogram weights: index i is the weight of i + 1 ponder steps
 * @throws RangeError where the weights add up to 0
 */
export function random(histogram: readonly number[]): HaltingRule {
  const total = histogram.reduce((a, b) => a + b, 0);
  if (!(total > 0)) throw new RangeError(`random: histogram: expected a sum above 0, got ${total}`);
  const depth: HaltingRule['depth'] = (rng) => {
    let u = rng.float() * total;
    for (let i = 0; i < histogram.length; i++) {
      u -= histogram[i];
      if (u < 0) return i + 1;
    }
    return histogram.length;
  };
  return { depth, halts: () => true };
}

/** The exit `random`, a control: its mean depth is that of another rule, but its depths ignore the thought. */
export const randomExit = defineExit({
  name: 'random',
  summary:
    'acts after a number of ponder steps drawn from histogram, regardless of the thought (a control)',
  options: {
    histogram: z
      .array(z.number().min(0))
      .min(1)
      .optional()
      .describe(
        'Decisions by number of ponder steps, beginning with 1 step, from which the exit random draws. Without it, an evaluation measures them by playing with the trained exit.',
      ),
  },
  needs: 'histogram',
  rule: ({ histogram = [] }) => random(histogram),
  reason: () => 'drawn at random from the histogram',
});
