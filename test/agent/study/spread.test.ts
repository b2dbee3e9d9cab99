import { describe, expect, it } from 'vitest';
import { spread } from '../../../src/agent/study/spread.ts';
import { Rng } from '../../../src/kernels/common/index.ts';

describe('spread', () => {
  it('is mean, sample deviation and median of what is known', () => {
    expect(spread([4, null, 1, 1])).toMatchObject({ mean: 2, std: Math.sqrt(3), median: 1 });
    expect(spread([1, 4, 2, 3])).toMatchObject({ median: 2.5 });
    expect(spread([null])).toBeNull();
  });

  it('has the mean without the outer quarters, as scipy.stats.trim_mean(values, 0.25)', () => {
    expect(spread([1, 2, 3])?.iqm).toBe(2);
    expect(spread([100, 1, 3, 2])?.iqm).toBe(2.5);
    expect(spread([100, 1, 3, 2, 4])?.iqm).toBe(3);
    expect(spread([0, 0, 2, 3, 5, 6, 9, 90])?.iqm).toBe(4);
  });

  it('has an interval that is a point where nothing differs, and the same each time', () => {
    expect(spread([5])).toEqual({ mean: 5, std: 0, median: 5, iqm: 5, interval: [5, 5] });
    expect(spread([2, 2, 2])?.interval).toEqual([2, 2]);
    expect(spread([1, 2, 3, 4, 7])).toEqual(spread([7, 4, 3, 2, 1]));
  });

  it('has an interval that holds the true figure nearly as often as it says', () => {
    const rng = Rng.seed(1, 'test');
    const trials = 50;
    let held = 0;
    for (let i = 0; i < trials; i++) {
      const values = Array.from({ length: 20 }, () => 10 + rng.normal());
      const [low, high] = spread(values)!.interval;
      held += Number(low <= 10 && 10 <= high);
    }
    // Percentiles are a little narrow for twenty seeds.
    expect(held / trials).toBeGreaterThan(0.8);
    expect(held / trials).toBeLessThan(1);
  });
});
