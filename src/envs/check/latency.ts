/** Quantiles of times, in ms. */
export interface Latency {
  p50: number;
  p95: number;
  p99: number;
  max: number;
}

/** The quantiles of times; null without a time. */
export function latency(ms: readonly number[]): Latency | null {
  if (ms.length === 0) return null;
  const sorted = ms.toSorted((a, b) => a - b);
  const quantile = (q: number) => sorted[Math.ceil(q * sorted.length) - 1];
  return { p50: quantile(0.5), p95: quantile(0.95), p99: quantile(0.99), max: quantile(1) };
}
