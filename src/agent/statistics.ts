import type { PonderSteps } from './events.ts';

/** @returns null for no values */
export function mean(values: readonly number[]): number | null {
  return values.length === 0 ? null : values.reduce((a, b) => a + b, 0) / values.length;
}

/** Mean and standard deviation (over n); NaN for no values. */
export function meanAndStd(values: readonly number[]): { mean: number; std: number } {
  const centre = mean(values) ?? Number.NaN;
  const variance = values.reduce((sum, value) => sum + (value - centre) ** 2, 0) / values.length;
  return { mean: centre, std: Math.sqrt(variance) };
}

/** Share of true among those that say; null where none does. */
export function successRate(successes: readonly (boolean | undefined)[]): number | null {
  return mean(successes.filter((s) => s !== undefined).map(Number));
}

/** Of a histogram of ponder steps, index i = i + 1 steps; zeros where it is empty. */
export function ponderSteps(histogram: readonly number[]): PonderSteps {
  const total = histogram.reduce((a, b) => a + b, 0);
  const quantile = (q: number) => {
    let below = 0;
    for (const [i, count] of histogram.entries()) {
      below += count;
      if (below > 0 && below >= q * total) return i + 1;
    }
    return 0;
  };
  const sum = histogram.reduce((all, count, i) => all + count * (i + 1), 0);
  return {
    mean: total === 0 ? 0 : sum / total,
    p50: quantile(0.5),
    p95: quantile(0.95),
    max: histogram.findLastIndex((count) => count > 0) + 1,
  };
}

/**
 * Spearman's rank correlation, ties at their mean rank; null where either side does not vary.
 */
export function spearman(xs: readonly number[], ys: readonly number[]): number | null {
  const a = ranks(xs);
  const b = ranks(ys);
  const [ma, mb] = [mean(a) ?? 0, mean(b) ?? 0];
  let [ab, aa, bb] = [0, 0, 0];
  for (let i = 0; i < a.length; i++) {
    ab += (a[i] - ma) * (b[i] - mb);
    aa += (a[i] - ma) ** 2;
    bb += (b[i] - mb) ** 2;
  }
  return aa === 0 || bb === 0 ? null : ab / Math.sqrt(aa * bb);
}

function ranks(values: readonly number[]): number[] {
  const order = values.map((_, i) => i).sort((i, j) => values[i] - values[j]);
  const result = new Array<number>(values.length);
  for (let begin = 0; begin < order.length; ) {
    let end = begin;
    while (end < order.length && values[order[end]] === values[order[begin]]) end++;
    for (let i = begin; i < end; i++) result[order[i]] = (begin + end - 1) / 2;
    begin = end;
  }
  return result;
}
