/** Mean and variance (over n) of values; both 0 for none. */
export function moments(values: ArrayLike<number>): { mean: number; variance: number } {
  const { length } = values;
  let mean = 0;
  for (let i = 0; i < length; i++) mean += values[i] / length;
  let variance = 0;
  for (let i = 0; i < length; i++) variance += (values[i] - mean) ** 2 / length;
  return { mean, variance };
}

/**
 * 1 − var(target − value) / var(target): 1 where values are their targets, 0 where they say nothing.
 * @param unexplained the variance of target − value
 * @returns null where all targets are equal
 */
export function explainedVariance(unexplained: number, targets: ArrayLike<number>): number | null {
  const { variance } = moments(targets);
  return variance < 1e-6 ? null : 1 - unexplained / variance;
}
