import { describe, expect, it } from 'vitest';
import {
  mean,
  meanAndStd,
  ponderSteps,
  spearman,
  successRate,
} from '../../../src/agent/events/statistics.ts';

describe('mean, meanAndStd', () => {
  it('of known values, the deviation over n', () => {
    expect(mean([1, 2, 6])).toBe(3);
    expect(meanAndStd([2, 4, 4, 4, 5, 5, 7, 9])).toEqual({ mean: 5, std: 2 });
    expect(meanAndStd([3])).toEqual({ mean: 3, std: 0 });
  });

  it('of nothing are null and NaN', () => {
    expect(mean([])).toBeNull();
    expect(meanAndStd([])).toEqual({ mean: Number.NaN, std: Number.NaN });
  });
});

describe('successRate', () => {
  it('counts only those that say', () => {
    expect(successRate([true, undefined, false, true, undefined, true])).toBe(0.75);
  });

  it('is null where none says', () => {
    expect(successRate([undefined, undefined])).toBeNull();
    expect(successRate([])).toBeNull();
  });
});

describe('ponderSteps', () => {
  it('of 4 × 1, 3 × 2, 2 × 3 and 1 × 5 steps', () => {
    // Mean (4 + 6 + 6 + 5) / 10; half of ten is five, which lies among the twos; 95 % among the fives.
    expect(ponderSteps([4, 3, 2, 0, 1, 0])).toEqual({ mean: 2.1, p50: 2, p95: 5, max: 5 });
  });

  it('takes the lower of two middles, and the last one of twenty only beyond 95 %', () => {
    expect(ponderSteps([1, 1])).toEqual({ mean: 1.5, p50: 1, p95: 2, max: 2 });
    expect(ponderSteps([0, 19, 0, 1])).toEqual({ mean: 2.1, p50: 2, p95: 2, max: 4 });
    expect(ponderSteps([0, 18, 0, 2])).toEqual({ mean: 2.2, p50: 2, p95: 4, max: 4 });
  });

  it('of nothing is all zeros', () => {
    expect(ponderSteps([0, 0])).toEqual({ mean: 0, p50: 0, p95: 0, max: 0 });
  });
});

describe('spearman', () => {
  /** Of pairs, counted in a table as they come. */
  function of(xs: number[], ys: number[]): number | null {
    const [rows, columns] = [xs, ys].map((side) => [...new Set(side)].sort((a, b) => a - b));
    const counts = rows.map(() => new Array<number>(columns.length).fill(0));
    for (const [i, x] of xs.entries()) counts[rows.indexOf(x)][columns.indexOf(ys[i])]++;
    return spearman(counts);
  }

  it('is ±1 for any monotone relation', () => {
    expect(of([1, 2, 3, 4], [1, 10, 100, 1000])).toBeCloseTo(1, 12);
    expect(of([1, 2, 3, 4], [8, 4, 2, 1])).toBeCloseTo(-1, 12);
  });

  it('gives ties their mean rank', () => {
    // Ranks less their mean: −1 −1 .5 1.5 and −1.5 0 0 1.5; products sum to 3.75, squares to 4.5.
    expect(of([1, 1, 2, 3], [1, 2, 2, 3])).toBeCloseTo(3.75 / 4.5, 12);
  });

  it('is what the classic formula gives without ties', () => {
    // 1 − 6 Σd² / (n (n² − 1)) with d = 1, 1, 1, 1, 0.
    expect(of([1, 2, 3, 4, 5], [2, 1, 4, 3, 5])).toBeCloseTo(1 - (6 * 4) / (5 * 24), 12);
  });

  it('is null where a side does not vary, or there is nothing', () => {
    expect(of([2, 2, 2], [1, 2, 3])).toBeNull();
    expect(of([1, 2, 3], [5, 5, 5])).toBeNull();
    expect(of([], [])).toBeNull();
    expect(of([1], [2])).toBeNull();
  });
});
