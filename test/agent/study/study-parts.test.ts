import { describe, expect, it } from 'vitest';
import { UsageError } from '../../../src/agent/common/errors.ts';
import { parseConfig } from '../../../src/agent/config/parse-config.ts';
import { parseBaseline, splitList } from '../../../src/agent/study/baseline.ts';
import { matchSteps } from '../../../src/agent/study/match-steps.ts';
import { collapseText, studyMarkdown } from '../../../src/agent/study/study-tables.ts';
import { summarize } from '../../../src/agent/study/summary.ts';
import { type Dial, exits } from '../../../src/policy/index.ts';

const config = parseConfig({
  name: 'a',
  env: { id: 'KHop-v0' },
  halting: { minSteps: 3 },
  train: { totalSteps: 1 },
});

describe('parseBaseline', () => {
  it('reads a fixed depth, also below the config’s minimum, and takes the price away', () => {
    const set = [
      'halting.rule=fixed',
      'halting.ponderSteps=2',
      'halting.maxSteps=2',
      'halting.minSteps=2',
      'price.initial=0',
      'price.targetSteps=null',
    ];
    expect(parseBaseline('fixed:2', config)).toEqual({ policy: 'fixed:2', kind: 'trained', set });
  });

  it('reads overrides to train with', () => {
    const policy = 'halting.rule=fixed+ppo.learningRate=1e+3';
    const set = ['halting.rule=fixed', 'ppo.learningRate=1e+3'];
    expect(parseBaseline(policy, config)).toEqual({ policy, kind: 'trained', set });
  });

  it('reads the exits that can be set to any mean, or need not be', () => {
    const found = exits.names.filter((name) => name !== 'fixed');
    for (const policy of found) {
      const exit = exits.find(policy);
      expect(parseBaseline(policy, config)).toEqual({ policy, kind: 'exit', exit });
    }
  });

  it('reads a decider with its settings', () => {
    const policy = 'decider=sample+sample.answers=8+sample.by=logProb';
    const decider = { name: 'sample', answers: 8, by: 'logProb' };
    expect(parseBaseline(policy, config)).toEqual({ policy, kind: 'decider', decider });
  });

  it.each([
    ['decider=guess', /decider: expected one of ponder, sample, .*got "guess"/],
    ['decider=sample+sample.answers=0', /decider sample.answers: expected .*, got 0/],
    [
      'decider=sample+ppo.epochs=1',
      /expected settings of the decider, such as sample.<setting>=<value>, got "ppo.epochs=1"/,
    ],
  ])('refuses the decider %s', (text, message) => {
    expect(() => parseBaseline(text, config)).toThrow(UsageError);
    expect(() => parseBaseline(text, config)).toThrow(message);
  });

  it.each(['fixed', 'fixed:0', 'fixed:1.5', 'fixed:', 'shuffled', ''])('refuses "%s"', (text) => {
    expect(() => parseBaseline(text, config)).toThrow(UsageError);
    expect(() => parseBaseline(text, config)).toThrow(
      /--against: expected fixed:<steps>, an exit \(sample, .*random\), a decider \(decider=<name>\) or overrides .*, got "/,
    );
  });
});

describe('splitList', () => {
  it('leaves lists within it whole', () => {
    expect(splitList('fixed:1,env.options.sizes=[3, 4],a={b: 1, c: 2},random')).toEqual([
      'fixed:1',
      'env.options.sizes=[3, 4]',
      'a={b: 1, c: 2}',
      'random',
    ]);
  });
});

describe('matchSteps', () => {
  const { dial: tolerance } = exits.find('converge');
  const { dial: quantile } = exits.find('threshold');
  const { dial: count } = exits.find('agree');

  it.each<[string, Dial, (setting: number) => number, number]>([
    // Steps fall by one for each factor of ten: 10^-2.5 has 3.5.
    ['falls', tolerance!, (setting) => 1 - Math.log10(setting), 3.5],
    ['rises', quantile!, (setting) => 1 + 5 * setting, 2.2],
  ])('finds the setting of a given mean where it %s', async (_, dial, mean, target) => {
    const setting = await matchSteps(dial, async (setting) => mean(setting), target);
    expect(Math.abs(mean(setting) - target)).toBeLessThanOrEqual(0.02 * target);
  });

  it.each([
    [1.1, 1],
    [3.4, 2],
    [3.6, 3],
    [9.6, 9],
  ])('finds the whole number closest to a mean of %d', async (target, expected) => {
    const meanSteps = async (setting: number) => {
      expect(Number.isInteger(setting)).toBe(true);
      return setting + 1;
    };
    expect(await matchSteps(count!, meanSteps, target)).toBe(expected);
  });

  it('returns the closest of ten where no setting matches', async () => {
    const asked: number[] = [];
    const meanSteps = async (tolerance: number) => {
      asked.push(tolerance);
      return tolerance > 0.01 ? 1 : 3;
    };
    const setting = await matchSteps(tolerance!, meanSteps, 1.6);
    expect(asked).toHaveLength(10);
    expect(setting).toBeGreaterThan(0.01);
  });
});

describe('studyMarkdown', () => {
  it('lists every seed, what is missing, and the collapses', () => {
    const learned = {
      policy: 'learned',
      seed: 7,
      runDir: 'runs/x',
      collapsed: 'max' as const,
      trainingSeconds: 61.4,
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
    const study = summarize('k-hop', [learned]);
    const text = studyMarkdown(study);
    expect(text).toContain('# k-hop: KHop-v0');
    expect(text).toContain(
      '| learned | 7 | 0.500 | 0.500 | 3.90 | 61 | collapsed to max, 3 episodes truncated |',
    );
    expect(text).toContain('| mixture | 7 | – | – | 3.90 | – | needs fixed:3 and fixed:4 |');
    expect(text).toContain('| learned | 1 | 0.500 ± 0.000 | 0.500 [0.500, 0.500] |');
    expect(text).not.toMatch(/spearman|nats|MFLOP/);
    expect(collapseText(study)).toBe('Collapsed: 1 of 1 learned seeds.');
  });
});
