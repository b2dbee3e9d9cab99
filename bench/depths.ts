import { Rng } from '../src/index.ts';
import { random } from '../src/policy/index.ts';

/**
 * The geometric distribution over 1..max steps, cut off there, with the given mean: what a halting
 * head that always says the same would give. Index i is i + 1 steps.
 * @throws RangeError unless 1 < mean < (1 + max) / 2
 */
export function truncatedGeometric(mean: number, max: number): number[] {
  if (!(mean > 1 && mean < (1 + max) / 2)) {
    throw new RangeError(`truncatedGeometric: expected a mean in 1..${(1 + max) / 2}, got ${mean}`);
  }
  const weights = (ratio: number) => Array.from({ length: max }, (_, i) => ratio ** i);
  // The mean grows with the ratio, so halving finds it.
  let [low, high] = [0, 1];
  for (let i = 0; i < 50; i++) {
    const middle = (low + high) / 2;
    if (meanOf(weights(middle)) < mean) low = middle;
    else high = middle;
  }
  return weights(low);
}

/** `count` depths drawn from it, the deepest first: the same at each call. */
export function drawDepths(count: number, mean: number, max: number): number[] {
  const { depth } = random(truncatedGeometric(mean, max));
  const rng = Rng.seed(0, 'bench');
  return Array.from({ length: count }, () => depth!(rng)).sort((a, b) => b - a);
}

/** Mean number of steps of a histogram. */
function meanOf(histogram: readonly number[]): number {
  const total = histogram.reduce((sum, n) => sum + n, 0);
  return histogram.reduce((sum, n, i) => sum + n * (i + 1), 0) / total;
}
