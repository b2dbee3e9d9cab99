import { describe, expect, it } from 'vitest';
import type { Evaluation } from '../../../src/agent/events/events.ts';
import { collapsedTo, summarize } from '../../../src/agent/study/summary.ts';

function evaluation(success: number | null, steps: number, spearman: number | null = null) {
  return {
    env: 'KHop-v0',
    return: { mean: (success ?? 0) * 10, std: 0 },
    netReturn: { mean: 0, std: 0 },
    successRate: success,
    ponderSteps: { mean: steps, p50: 2, p95: 3, max: 4 },
    spearman,
  } as Evaluation;
}

const row = (policy: string, seed: number, ...rest: Parameters<typeof evaluation>) => ({
  policy,
  seed,
  runDir: `runs/${policy}-${seed}`,
  evaluation: evaluation(...rest),
});

describe('collapsedTo', () => {
  const range = { minSteps: 1, maxSteps: 4 };

  it('goes by the mean steps in evaluation', () => {
    expect(collapsedTo(1.05, [1, 1, 1, 1], range)).toBe('min');
    expect(collapsedTo(1.06, [1, 1, 1, 1], range)).toBeNull();
    expect(collapsedTo(3.8, [1, 1, 1, 1], range)).toBe('max');
    expect(collapsedTo(3.79, [1, 1, 1, 1], range)).toBeNull();
  });

  it('goes by the decisions at one end in training', () => {
    expect(collapsedTo(2, [96, 4, 0, 0], range)).toBe('min');
    expect(collapsedTo(2, [95, 5, 0, 0], range)).toBeNull();
    expect(collapsedTo(2, [0, 4, 0, 96], range)).toBe('max');
  });

  it('is measured from minSteps, and means nothing where there is no choice', () => {
    expect(collapsedTo(2.1, [0, 1, 1, 1], { minSteps: 2, maxSteps: 4 })).toBe('min');
    expect(collapsedTo(3, [0, 0, 9], { minSteps: 3, maxSteps: 3 })).toBeNull();
  });
});

describe('summarize', () => {
  const rows = [
    { ...row('learned', 0, 0.9, 2.25, 0.8), collapsed: null },
    { ...row('learned', 1, 1, 2, 0.9), collapsed: null },
    { ...row('learned', 2, 0.2, 1, null), collapsed: 'min' as const },
    row('fixed:2', 0, 0.4, 2),
    row('fixed:3', 0, 0.8, 3),
    row('fixed:2', 1, 0.6, 2),
  ];
  const study = summarize('k-hop', rows);

  it('mixes the fixed depths around each seed’s mean so that the mean is the same', () => {
    // 0.75 · 0.4 + 0.25 · 0.8 = 0.5
    expect(study.mixtures[0]).toEqual({
      seed: 0,
      ponderSteps: 2.25,
      depths: [2, 3],
      return: 5,
      successRate: 0.5,
      nats: null,
    });
    expect(study.mixtures[1]).toMatchObject({ depths: [2], successRate: 0.6 });
  });

  it('has no mixture where a depth of it was not trained', () => {
    expect(study.mixtures[2]).toMatchObject({ depths: [1], return: null, successRate: null });
    expect(study.summary.at(-1)).toMatchObject({ policy: 'mixture', seeds: 2 });
  });

  it('summarizes each policy over its seeds', () => {
    expect(study.summary.map(({ policy, seeds }) => [policy, seeds])).toEqual([
      ['learned', 3],
      ['fixed:2', 2],
      ['fixed:3', 1],
      ['mixture', 2],
    ]);
    expect(study.summary[0].success?.median).toBe(0.9);
    expect(study.summary[0].spearman?.mean).toBeCloseTo(0.85);
    expect(study.summary[1].spearman).toBeNull();
  });

  it('has nats and operations a decision where evaluations have them', () => {
    const text = (policy: string, nats: number, steps: number) => {
      const one = row(policy, 0, null, steps);
      const perEpisode = { decisions: 64, thoughts: 64, ponderSteps: 64 * steps, flops: 128e6 };
      return { ...one, evaluation: { ...one.evaluation, nats, perEpisode } };
    };
    const rows = [text('learned', 2, 2.5), text('fixed:2', 3, 2), text('fixed:3', 1, 3)];
    const { summary, mixtures } = summarize('text', rows);
    expect(summary[0].nats?.mean).toBe(2);
    expect(summary[0].megaflops?.mean).toBe(2);
    expect(mixtures[0].nats).toBe(2);
    expect(study.summary[0].nats).toBeNull();
    expect(study.summary[0].megaflops).toBeNull();
  });

  it('counts the collapsed among the learned', () => {
    expect(study.collapseRate).toBeCloseTo(1 / 3);
  });
});
