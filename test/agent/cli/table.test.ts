import { describe, expect, it } from 'vitest';
import { evaluationText, table } from '../../../src/agent/cli/table.ts';
import { bar } from '../../../src/agent/common/bar.ts';
import { decimal } from '../../../src/agent/common/numbers.ts';
import type { Evaluation } from '../../../src/agent/events/events.ts';

describe('table', () => {
  it('aligns numbers right and text left', () => {
    expect(
      table(
        ['<name', 'n'],
        [
          ['a', '1'],
          ['long', '123'],
        ],
      ),
    ).toBe(['name    n', 'a       1', 'long  123'].join('\n'));
  });
});

describe('bar', () => {
  it('is exact to an eighth of a character', () => {
    expect(bar(1, 2, 4)).toBe('██');
    expect(bar(9, 16, 2)).toBe('█▏');
    expect(bar(7, 16, 2)).toBe('▉');
  });

  it('stays within its width, and is empty for nothing', () => {
    expect(bar(5, 2, 3)).toBe('███');
    expect(bar(-1, 2, 3)).toBe('');
    expect(bar(0, 0, 3)).toBe('');
  });
});

describe('decimal', () => {
  it('shows what is undefined as a dash', () => {
    expect([decimal(0.12345), decimal(null), decimal(undefined), decimal(Number.NaN)]).toEqual([
      '0.123',
      '–',
      '–',
      '–',
    ]);
  });
});

describe('evaluationText', () => {
  const evaluation: Evaluation = {
    env: 'KHop-v0',
    episodes: 1280,
    lostEpisodes: 0,
    cut: { episodes: 0, after: 10_000 },
    return: { mean: 0.98, std: 0.14 },
    netReturn: { mean: 0.96, std: 0.14 },
    successRate: 0.98,
    ponderSteps: { mean: 2, p50: 2, p95: 3, max: 4 },
    byDifficulty: [
      { difficulty: 1, decisions: 640, successRate: 1, ponderSteps: 1 },
      { difficulty: 3, decisions: 640, successRate: null, ponderSteps: 4 },
    ],
    spearman: null,
    forcedDepth: [{ ponderSteps: 1, episodes: 4, return: 0.5, std: 0.5, successRate: 0.5, cut: 0 }],
  };

  it('gives the totals, ponder steps by difficulty and success at forced depths', () => {
    expect(evaluationText(evaluation)).toBe(
      [
        'KHop-v0, 1,280 episodes',
        'return        0.980 ± 0.140',
        'net return    0.960 ± 0.140',
        'success       0.980',
        'ponder steps  mean 2.00, p50 2, p95 3, max 4',
        'spearman      – (ponder steps with difficulty)',
        '',
        'difficulty  decisions  success  ponder steps',
        '         1        640    1.000          1.00  █████',
        '         3        640        –          4.00  ████████████████████',
        '',
        'forced to steps  return  success',
        '              1   0.500    0.500',
      ].join('\n'),
    );
  });

  it('lists the environment’s own numbers', () => {
    const envMetrics = { score: 12.25, won: 1 };
    const text = evaluationText({ ...evaluation, envMetrics });
    expect(text.split('\n\n')[1]).toBe(
      [
        "the environment's own    mean",
        'score                  12.250',
        'won                     1.000',
      ].join('\n'),
    );
  });

  it('leaves out tables that would be empty', () => {
    const text = evaluationText({ ...evaluation, byDifficulty: [], forcedDepth: [] });
    expect(text).not.toContain('\n\n');
  });
});
