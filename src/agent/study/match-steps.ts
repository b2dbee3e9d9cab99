/**
 * Finds the tolerance at which the rule `converge` takes `target` mean ponder steps, by bisection
 * of its logarithm: the larger the tolerance, the fewer the steps.
 *
 * @param meanSteps measures the mean at one tolerance
 * @returns the tolerance that came closest, within 2 % or after 10 measurements
 */
export async function matchSteps(
  meanSteps: (tolerance: number) => Promise<number>,
  target: number,
  range: { low: number; high: number } = { low: 1e-7, high: 10 },
): Promise<number> {
  let [low, high] = [Math.log(range.low), Math.log(range.high)];
  let best = { tolerance: range.low, distance: Number.POSITIVE_INFINITY };
  for (let i = 0; i < 10 && best.distance > 0.02 * target; i++) {
    const middle = (low + high) / 2;
    const steps = await meanSteps(Math.exp(middle));
    const distance = Math.abs(steps - target);
    if (distance < best.distance) best = { tolerance: Math.exp(middle), distance };
    if (steps > target) low = middle;
    else high = middle;
  }
  return best.tolerance;
}
