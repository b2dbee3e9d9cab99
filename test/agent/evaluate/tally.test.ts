import { describe, expect, it } from 'vitest';
import { MOST_LEVELS, Tally } from '../../../src/agent/evaluate/tally.ts';
import { spearman } from '../../../src/agent/events/statistics.ts';
import { Rng } from '../../../src/kernels/index.ts';

describe('a tally', () => {
  it('counts each difficulty by itself, rising, and those without one alone in the histogram', () => {
    const tally = new Tally(3);
    tally.add(2, 1);
    tally.add(undefined, 2);
    tally.add(-1.5, 3);
    tally.add(2, 3);
    expect(tally.histogram).toEqual([1, 1, 2]);
    expect(tally.levels()).toEqual([
      { difficulty: -1.5, histogram: [0, 0, 1] },
      { difficulty: 2, histogram: [1, 0, 1] },
    ]);
    expect(tally.binWidth).toBeUndefined();
  });

  it('puts difficulties in bins where there are too many: nothing is lost, and ranks stay', () => {
    const tally = new Tally(4);
    const rng = Rng.seed(3);
    const count = 20_000;
    for (let i = 0; i < count; i++) {
      const difficulty = 1000 * rng.float();
      tally.add(difficulty, 1 + Math.floor(difficulty / 250));
    }
    const levels = tally.levels();
    expect(levels.length).toBeLessThanOrEqual(MOST_LEVELS);
    expect(levels.length).toBeGreaterThan(MOST_LEVELS / 4);
    const total = levels.flatMap(({ histogram }) => histogram).reduce((a, b) => a + b);
    expect(total).toBe(count);
    const width = tally.binWidth!;
    for (const { difficulty } of levels) expect(difficulty % width).toBe(0);
    expect(tally.levelOf(500.3)).toBeLessThanOrEqual(500.3);
    expect(tally.levelOf(500.3)).toBeGreaterThan(500.3 - width);
    expect(spearman(levels.map(({ histogram }) => histogram))).toBeGreaterThan(0.96);
  });

  it.each([
    ['numbers that lie apart by everything there is', [Number.MAX_VALUE, -Number.MAX_VALUE, 0]],
    ['numbers next to zero', Array.from({ length: 400 }, (_, i) => i * Number.MIN_VALUE)],
    ['numbers that grow for ever', Array.from({ length: 3000 }, (_, i) => 1.1 ** i)],
  ])('holds %s', (_, difficulties) => {
    const tally = new Tally(1);
    for (let i = 0; i < 300; i++) tally.add(i, 1);
    for (const difficulty of difficulties) tally.add(difficulty, 1);
    const levels = tally.levels();
    expect(levels.length).toBeLessThanOrEqual(MOST_LEVELS);
    const total = levels.reduce((sum, { histogram }) => sum + histogram[0], 0);
    expect(total).toBe(300 + difficulties.length);
  });
});
