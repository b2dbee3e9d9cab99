import type { PonderSteps } from './events.ts';

/** @returns null for no values */
export function mean(values: readonly number[]): number | null {
  return values.length === 0 ? null : values.reduce((a, b) => a + b, 0) / values.length;
}

/** Mean and standard deviation (over n); NaN for no values. */
export function meanAndStd(values: readonly number[]): { mean: number; std: number } {
  const center = mean(values) ?? Number.NaN;
  const variance = values.reduce((sum, value) => sum + (value - center) ** 2, 0) / values.length;
  return { mean: center, std: Math.sqrt(variance) };
}

/** The standard error of the mean of independent values; null of fewer than two. */
export function standardError(values: readonly number[]): number | null {
  const { length } = values;
  return length < 2 ? null : meanAndStd(values).std / Math.sqrt(length - 1);
}

/** Share of true among the defined entries; null where none is defined. */
export function successRate(successes: readonly (boolean | undefined)[]): number | null {
  return mean(successes.filter((s) => s !== undefined).map(Number));
}

/** Statistics of a histogram of ponder steps, whose entry `i` counts `i + 1` steps; zeros where it is empty. */
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
 * Spearman's rank correlation of the two sides of a table, ties at their mean rank; null where either does not vary.
 * @param counts of each pair: rows by the rising rank of one side, columns by that of the other
 */
export function spearman(counts: readonly (readonly number[])[]): number | null {
  const rows = counts.map((row) => row.reduce((a, b) => a + b, 0));
  const columns = (counts[0] ?? []).map((_, j) => counts.reduce((sum, row) => sum + row[j], 0));
  const [a, b] = [fromMean(rows), fromMean(columns)];
  let [ab, aa, bb] = [0, 0, 0];
  for (const [i, row] of counts.entries()) {
    for (const [j, count] of row.entries()) {
      ab += count * a[i] * b[j];
      aa += count * a[i] ** 2;
      bb += count * b[j] ** 2;
    }
  }
  return aa === 0 || bb === 0 ? null : ab / Math.sqrt(aa * bb);
}

/** The mean rank of each group of equal values, minus the mean rank of all; `groups` holds the group sizes. */
function fromMean(groups: readonly number[]): number[] {
  const middle = (groups.reduce((a, b) => a + b, 0) - 1) / 2;
  let below = 0;
  return groups.map((count) => {
    const rank = below + (count - 1) / 2;
    below += count;
    return rank - middle;
  });
}
