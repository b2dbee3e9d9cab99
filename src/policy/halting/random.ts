import type { HaltingRule } from './rule.ts';

/**
 * The control: depths drawn from `histogram` (index i = i + 1 steps) whatever the observation, so
 * that the mean is matched and the choice of moment is not.
 * @throws RangeError where the histogram is empty
 */
export function random(histogram: readonly number[]): HaltingRule {
  const total = histogram.reduce((a, b) => a + b, 0);
  if (!(total > 0))
    throw new RangeError('random halting: expected a histogram with some decisions');
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
