import { describe, expect, it } from 'vitest';
import type { Evaluation } from '../../../src/agent/events/events.ts';
import { meanAndStd } from '../../../src/agent/events/statistics.ts';
import { collapse, persistence } from '../../../src/agent/train/alarms.ts';
import { Rng } from '../../../src/kernels/index.ts';

/** An evaluation with these returns forced to 1 and to 3 steps, of so many episodes that deviate so much. */
function evaluation(shallow?: number, deep?: number, { std = 0, episodes = 32 } = {}): Evaluation {
  const forced = (steps: number, mean: number | undefined) =>
    mean === undefined
      ? []
      : [{ ponderSteps: steps, episodes, return: mean, std, successRate: null, cut: 0 }];
  const spread = { mean: 0, std: 0 };
  return {
    env: 'E',
    episodes: 1,
    lostEpisodes: 0,
    cut: { episodes: 0, after: 10_000 },
    return: spread,
    netReturn: spread,
    successRate: null,
    ponderSteps: { mean: 2.5, p50: 3, p95: 3, max: 3 },
    byDifficulty: [],
    spearman: null,
    forcedDepth: [...forced(1, shallow), ...forced(3, deep)],
  };
}

const alarm = (...args: Parameters<typeof collapse>) => collapse(...args)?.alarm;

describe('collapse', () => {
  it('to the minimum is an alarm where more thought would help', () => {
    const found = collapse([96, 2, 2], 1, evaluation(0.2, 0.9));
    expect(found?.alarm).toBe('collapsed-to-min');
    expect(found?.message).toContain('forcing 3 raises the return (0.20 → 0.90)');
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

  it('to the minimum is none where nobody has looked whether thought would help', () => {
    expect(alarm([100, 0, 0], 1, evaluation())).toBeUndefined();
    expect(alarm([100, 0, 0], 1, evaluation(0.2))).toBeUndefined();
    expect(alarm([100, 0, 0], 1, evaluation(undefined, 0.9))).toBeUndefined();
  });

  it('to the minimum is none where too few episodes were forced to say', () => {
    expect(alarm([100, 0, 0], 1, evaluation(0.2, 0.9, { episodes: 15 }))).toBeUndefined();
    expect(alarm([100, 0, 0], 1, evaluation(0.2, 0.9, { episodes: 16 }))).toBe('collapsed-to-min');
  });

  it('to the minimum is an alarm where the gain is more than three standard errors', () => {
    // The standard error of each mean is 1/√99, that of the difference 0.142.
    const spread = { std: 1, episodes: 100 };
    expect(alarm([100, 0, 0], 1, evaluation(0, 0.42, spread))).toBeUndefined();
    expect(alarm([100, 0, 0], 1, evaluation(0, 0.43, spread))).toBe('collapsed-to-min');
  });

  it('to a minimum of several steps is seen at that depth', () => {
    const [one, three] = evaluation(0.2, 0.9).forcedDepth;
    const two = { ...evaluation(), forcedDepth: [{ ...one, ponderSteps: 2 }, three] };
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

describe('an alarm', () => {
  /** What is told of runs of so many evaluations, in which forced episodes earn what `earn` draws. */
  function simulate(
    runs: number,
    evaluations: number,
    earn: (rng: Rng, steps: number) => number,
    episodes = 32,
  ): number {
    let reported = 0;
    for (let run = 0; run < runs; run++) {
      const rng = Rng.seed(5, 'alarms', run);
      const forced = (steps: number) => {
        const returns = Array.from({ length: episodes }, () => earn(rng, steps));
        const { mean, std } = meanAndStd(returns);
        return { ponderSteps: steps, episodes, return: mean, std, successRate: null, cut: 0 };
      };
      let alarmed = 0;
      for (let i = 0; i < evaluations; i++) {
        const found = collapse([100, 0, 0], 1, {
          ...evaluation(),
          forcedDepth: [forced(1), forced(3)],
        });
        const { report, ...state } = persistence(alarmed, found !== undefined);
        alarmed = state.alarmed;
        if (report) reported++;
      }
    }
    return reported;
  }

  it.each<[string, number, (rng: Rng) => number]>([
    ['a coin', 32, (rng) => (rng.float() < 0.5 ? 1 : -1)],
    ['a coin, few episodes', 16, (rng) => (rng.float() < 0.5 ? 1 : -1)],
    ['a rare prize', 32, (rng) => (rng.float() < 0.02 ? 50 : 0)],
    ['a rare disaster', 32, (rng) => (rng.float() < 0.02 ? -50 : 0)],
    ['a bell around 0', 32, (rng) => rng.normal()],
    ['a bell far from 0', 32, (rng) => -200 + 50 * rng.normal()],
  ])('is next to never raised where thought changes nothing: %s', (_, episodes, earn) => {
    expect(simulate(100, 200, earn, episodes)).toBeLessThanOrEqual(1);
  });

  it('is raised in nearly every run where thought helps: right half the time, or nearly always', () => {
    const earn = (rng: Rng, steps: number) => Number(rng.float() < (steps === 1 ? 0.53 : 0.96));
    expect(simulate(100, 6, earn)).toBeGreaterThanOrEqual(98);
  });

  it('is told once while it lasts or comes and goes, from the second evaluation in a row on', () => {
    const found = [1, 0, 1, 1, 1, 0, 0, 1, 0, 0, 0, 1, 1, 0, 0, 0, 1];
    let alarmed = 0;
    const reported = found.map((one) => {
      const { report, ...state } = persistence(alarmed, one === 1);
      alarmed = state.alarmed;
      return Number(report);
    });
    expect(reported).toEqual([0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0]);
  });
});
