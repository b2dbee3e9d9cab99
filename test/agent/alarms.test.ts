import { describe, expect, it } from 'vitest';
import { collapse } from '../../src/agent/alarms.ts';
import type { Evaluation } from '../../src/agent/events.ts';

/** An evaluation with these returns forced to 1 and to 3 steps. */
function evaluation(shallow?: number, deep?: number): Evaluation {
  const spread = { mean: 0, std: 0 };
  return {
    env: 'E',
    episodes: 1,
    return: spread,
    netReturn: spread,
    successRate: null,
    ponderSteps: { mean: 2.5, p50: 3, p95: 3, max: 3 },
    byDifficulty: [],
    spearman: null,
    forcedDepth: [
      ...(shallow === undefined ? [] : [{ steps: 1, return: shallow, successRate: null }]),
      ...(deep === undefined ? [] : [{ steps: 3, return: deep, successRate: null }]),
    ],
  };
}

const alarm = (...args: Parameters<typeof collapse>) => collapse(...args)?.alarm;

describe('collapse', () => {
  it('to the minimum is an alarm where more thought would help', () => {
    const found = collapse([96, 2, 2], 1, evaluation(0.2, 0.9));
    expect(found?.alarm).toBe('collapsed-to-min');
    expect(found?.message).toContain('forced to 3 the return is higher (0.20 → 0.90)');
    expect(found?.message).toContain('recipe.releaseReturn');
  });

  it('to the minimum is none where more thought would not help', () => {
    expect(alarm([100, 0, 0], 1, evaluation(0.9, 0.9))).toBeUndefined();
    expect(alarm([100, 0, 0], 1, evaluation(0.9, 0.92))).toBeUndefined();
    expect(alarm([100, 0, 0], 1, evaluation(0.9, 0.5))).toBeUndefined();
  });

  it('judges negative returns by their size', () => {
    expect(alarm([100, 0, 0], 1, evaluation(-200, -150))).toBe('collapsed-to-min');
    expect(alarm([100, 0, 0], 1, evaluation(-151, -150))).toBeUndefined();
  });

  it('to the minimum is an alarm where nobody has looked whether thought would help', () => {
    expect(alarm([100, 0, 0], 1, evaluation())).toBe('collapsed-to-min');
    expect(collapse([100, 0, 0], 1, evaluation())?.message).toContain('unknown');
  });

  it('to a minimum of several steps is seen at that depth', () => {
    const two = { ...evaluation(), forcedDepth: [] };
    expect(alarm([0, 100, 0], 2, two)).toBe('collapsed-to-min');
    expect(alarm([100, 0, 0], 2, two)).toBeUndefined();
  });

  it('to the maximum is an alarm', () => {
    const found = collapse([1, 1, 98], 1, evaluation(0.2, 0.9));
    expect(found?.alarm).toBe('collapsed-to-max');
    expect(found?.message).toContain('all 3 ponder steps (mean 2.50');
  });

  it('to the maximum is none while the price may still rise', () => {
    expect(alarm([1, 1, 98], 1, evaluation(0.2, 0.9), true)).toBeUndefined();
    expect(alarm([98, 1, 1], 1, evaluation(0.2, 0.9), true)).toBe('collapsed-to-min');
  });

  it('is none at 95 % or less, where depth is not free, or without decisions', () => {
    expect(alarm([95, 5, 0], 1, evaluation(0.2, 0.9))).toBeUndefined();
    expect(alarm([5, 0, 95], 1, evaluation(0.2, 0.9))).toBeUndefined();
    expect(alarm([0, 0, 100], 3, evaluation(0.2, 0.9))).toBeUndefined();
    expect(alarm([0, 0, 0], 1, evaluation(0.2, 0.9))).toBeUndefined();
  });
});
