import { describe, expect, it } from 'vitest';
import { UsageError } from '../../../src/agent/errors.ts';
import { parseConfig } from '../../../src/agent/load-config.ts';
import { fixedOverrides, parseBaseline } from '../../../src/agent/study/baseline.ts';
import { matchSteps } from '../../../src/agent/study/match-steps.ts';
import { collapseText, studyMarkdown } from '../../../src/agent/study/study-tables.ts';
import { summarise } from '../../../src/agent/study/summary.ts';

describe('parseBaseline', () => {
  it('reads the three kinds', () => {
    expect(['fixed:12', 'random', 'converge'].map(parseBaseline)).toEqual([
      { policy: 'fixed:12', kind: 'fixed', steps: 12 },
      { policy: 'random', kind: 'random' },
      { policy: 'converge', kind: 'converge' },
    ]);
  });

  it.each(['fixed', 'fixed:0', 'fixed:1.5', 'fixed:', 'shuffled', ''])('refuses "%s"', (text) => {
    expect(() => parseBaseline(text)).toThrow(UsageError);
    expect(() => parseBaseline(text)).toThrow('expected fixed:<steps>, random or converge');
  });
});

describe('fixedOverrides', () => {
  it('fixes the depth, also below the config’s minimum, and takes the price away', () => {
    const config = parseConfig({
      name: 'a',
      env: { id: 'KHop-v0' },
      halting: { minSteps: 3 },
      train: { totalSteps: 1 },
    });
    expect(fixedOverrides(config, 2)).toEqual([
      'halting.rule=fixed',
      'halting.steps=2',
      'halting.maxSteps=2',
      'halting.minSteps=2',
      'price.initial=0',
      'price.targetSteps=null',
    ]);
  });
});

describe('matchSteps', () => {
  it('finds the tolerance of a given mean', async () => {
    // Steps fall by one for each factor of ten: 10^-2.5 has 3.5.
    const meanSteps = async (tolerance: number) => 1 - Math.log10(tolerance);
    const tolerance = await matchSteps(meanSteps, 3.5);
    expect(Math.abs((await meanSteps(tolerance)) - 3.5)).toBeLessThanOrEqual(0.07);
  });

  it('returns the closest of ten where no tolerance matches', async () => {
    const asked: number[] = [];
    const meanSteps = async (tolerance: number) => {
      asked.push(tolerance);
      return tolerance > 0.01 ? 1 : 3;
    };
    const tolerance = await matchSteps(meanSteps, 1.6);
    expect(asked).toHaveLength(10);
    expect(tolerance).toBeGreaterThan(0.01);
  });
});

describe('studyMarkdown', () => {
  it('lists every seed, what is missing, and the collapses', () => {
    const learned = {
      policy: 'learned',
      seed: 7,
      runDir: 'runs/x',
      collapsed: 'max' as const,
      evaluation: {
        env: 'KHop-v0',
        episodes: 10,
        lostEpisodes: 0,
        cut: { episodes: 3, after: 10_000 },
        return: { mean: 0.5, std: 0 },
        netReturn: { mean: 0.4, std: 0 },
        successRate: 0.5,
        ponderSteps: { mean: 3.9, p50: 4, p95: 4, max: 4 },
        byDifficulty: [],
        spearman: null,
        forcedDepth: [],
      },
    };
    const study = summarise('k-hop', [learned]);
    const text = studyMarkdown(study);
    expect(text).toContain('# k-hop: KHop-v0');
    expect(text).toContain(
      '| learned | 7 | 0.500 | 0.500 | 3.90 | – | collapsed to max, 3 episodes cut off |',
    );
    expect(text).toContain('| mixture | 7 | – | – | 3.90 | – | needs fixed:3 and fixed:4 |');
    expect(text).toContain('| learned | 1 | 0.500 ± 0.000 | 0.500 |');
    expect(collapseText(study)).toBe('Collapsed: 1 of 1 learned seeds.');
  });
});
