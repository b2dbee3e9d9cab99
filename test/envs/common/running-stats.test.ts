import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { RunningStats } from '../../../src/envs/common/index.ts';

describe('RunningStats', () => {
  it('merges a batch into its prior of 1e-4 rows with mean 0 and variance 1', () => {
    const stats = new RunningStats(1);
    stats.update([1, 3], 2); // mean 2, variance 1
    const total = 2.0001;
    expect(stats.count).toBeCloseTo(total, 12);
    expect(stats.mean[0]).toBeCloseTo((2 * 2) / total, 12);
    expect(stats.variance[0]).toBeCloseTo((1e-4 + 2 + (4 * 1e-4 * 2) / total) / total, 12);
  });

  it('keeps entries apart', () => {
    const stats = new RunningStats(2);
    stats.update([0, 10, 2, 30], 2);
    expect(stats.mean[0]).toBeCloseTo(1, 3);
    expect(stats.mean[1]).toBeCloseTo(20, 2);
    expect(stats.variance[0]).toBeCloseTo(1, 2);
    expect(stats.variance[1]).toBeCloseTo(100, 0);
  });

  it('comes to the same however the rows are split into batches', () => {
    const rows = fc.array(fc.double({ min: -100, max: 100, noNaN: true }), { minLength: 1 });
    fc.assert(
      fc.property(rows, fc.nat(), (values, at) => {
        const cut = at % (values.length + 1);
        const [whole, split] = [new RunningStats(1), new RunningStats(1)];
        whole.update(values, values.length);
        split.update(values.slice(0, cut), cut);
        split.update(values.slice(cut), values.length - cut);
        expect(split.mean[0]).toBeCloseTo(whole.mean[0], 8);
        expect(split.variance[0] / whole.variance[0]).toBeCloseTo(1, 8);
      }),
    );
  });

  it('normalizes one row in place and leaves the others', () => {
    const stats = RunningStats.fromState({ count: 10, mean: [1, 2], variance: [4, 0.25] });
    const rows = Float32Array.of(5, 5, 3, 1, 5);
    stats.normalize(rows, 2);
    expect(rows[2]).toBeCloseTo(1, 6);
    expect(rows[3]).toBeCloseTo(-2, 6);
    expect([rows[0], rows[1], rows[4]]).toEqual([5, 5, 5]);
  });

  it('clips at ±10 unless told otherwise', () => {
    const stats = RunningStats.fromState({ count: 10, mean: [0, 0], variance: [1, 1] });
    const row = Float32Array.of(50, -50);
    stats.normalize(row);
    expect(row).toEqual(Float32Array.of(10, -10));
    row.set([50, -50]);
    stats.normalize(row, 0, 3);
    expect(row).toEqual(Float32Array.of(3, -3));
  });

  it('goes on exactly from its state as JSON', () => {
    const stats = new RunningStats(2);
    stats.update([0.1, 1 / 3, 0.7, -2 / 7], 2);
    const back = RunningStats.fromState(JSON.parse(JSON.stringify(stats.state())));
    for (const each of [stats, back]) each.update([1.1, 2.2], 1);
    expect(back.state()).toEqual(stats.state());
  });

  it('refuses what would spoil it', () => {
    const stats = new RunningStats(2);
    expect(() => stats.update([1, 2, 3], 2)).toThrow('expected 2 rows of 2, got 3 entries');
    expect(() => stats.update([1, Number.NaN], 1)).toThrow('got NaN at entry 1');
    expect(stats.count).toBe(1e-4);
    expect(() => stats.restore({ count: 1, mean: [0], variance: [1] })).toThrow(
      'expected size 2, got 1',
    );
    expect(() => RunningStats.fromState({ count: 1, mean: [0] })).toThrow(/variance/);
    expect(() => RunningStats.fromState({ count: 1, mean: [0], variance: [-1] })).toThrow(
      /variance/,
    );
  });
});
