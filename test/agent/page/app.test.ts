import { describe, expect, it } from 'vitest';
import {
  formatAgo,
  formatBytes,
  formatDuration,
  formatNumber,
  formatPercent,
  formatShort,
} from '../../../src/agent/page/app/format.ts';
import { type Line, plotted, textAt } from '../../../src/agent/page/app/lines.ts';
import { hrefOf, hrefOfCompared, routeOf } from '../../../src/agent/page/app/route.ts';
import { SERIES, unshown } from '../../../src/agent/page/app/series.ts';
import { smooth } from '../../../src/agent/page/app/smooth.ts';

describe('numbers on the page', () => {
  it.each([
    [formatNumber(null), '–'],
    [formatNumber(Number.NaN), '–'],
    [formatNumber(0), '0'],
    [formatNumber(0.123456), '0.123'],
    [formatNumber(-0.5), '−0.5'],
    [formatNumber(12_345.6), '12 346'],
    [formatNumber(1.5e-7), '1.5e−7'],
    [formatPercent(0.0123), '1.2 %'],
    [formatPercent(1), '100 %'],
    [formatShort(1500), '1 500'],
    [formatShort(20_000), '20k'],
    [formatShort(1.5e6), '1.5M'],
    [formatBytes(0), '0 B'],
    [formatBytes(3 * 2 ** 20), '3 MiB'],
    [formatDuration(45), '45 s'],
    [formatDuration(185), '3:05'],
    [formatDuration(7385), '2:03:05'],
    [formatDuration(3 * 86_400 + 7260), '3 d 02:01'],
    [formatAgo(null, 0), 'never'],
    [formatAgo(0, 60_000), '60 s ago'],
    [formatAgo(0, 600_000), '10 min ago'],
  ])('%s', (told, expected) => expect(told).toBe(expected));
});

describe('figures of statistics', () => {
  it('are of those that no other figure shows', () => {
    const reported = { haltKl: 'how far halting moved', expectedSteps: 'mean of Σ n·p_n' };
    expect(SERIES).toContain('haltKl');
    expect(unshown(reported)).toEqual([['expectedSteps', 'mean of Σ n·p_n']]);
  });
});

describe('addresses on the page', () => {
  it('lead back to the runs they were made for, whatever their names', () => {
    for (const run of ['a', 'a/b', 'ü %', '#think', 'think']) {
      expect(routeOf(hrefOf(run))).toEqual({ view: 'run', run });
      expect(routeOf(hrefOf(run, 'think'))).toEqual({ view: 'think', run });
      expect(routeOf(hrefOfCompared([run, 'b']))).toEqual({ view: 'compare', runs: [run, 'b'] });
    }
  });

  it.each(['', '#', '#/', '#/nothing', '#/runs', '#/runs/', '#/compare'])(
    'show the list where they say nothing: %s',
    (hash) => expect(routeOf(hash)).toEqual({ view: 'runs' }),
  );

  it('are taken as they are where they are no text', () => {
    expect(routeOf('#/runs/%zz')).toEqual({ view: 'run', run: '%zz' });
  });
});

describe('smooth', () => {
  it('has the mean of what is near, and gaps where there were some', () => {
    expect(smooth([1, 2, 3, null, 9], 1)).toEqual([1.5, 2, 2.5, null, 9]);
    expect(smooth([1, 2, 3], 0)).toEqual([1, 2, 3]);
    expect(smooth([null, 4, null], 5)).toEqual([null, 4, null]);
  });
});

describe('lines of a chart', () => {
  const line = (count: number, more: Partial<Line> = {}): Line => ({
    label: 'a',
    color: 'c1',
    values: Array.from({ length: count }, (_, i) => i % 2),
    ...more,
  });
  const drawn = (count: number, ...lines: Line[]) =>
    plotted({ x: Array.from({ length: count }, (_, i) => i), lines });

  it('are drawn as they are while they are lines', () => {
    const lines = [line(100), line(100, { dots: true }), line(100, { filled: true })];
    expect(drawn(100, ...lines)).toEqual(lines);
    expect(drawn(100, line(100, { painted: true }))).toEqual([]);
  });

  it('of very many points are their means, over what they are the means of', () => {
    const [faint, mean] = drawn(1000, line(1000));
    expect(faint).toMatchObject({ faint: true, values: line(1000).values });
    for (const value of mean.values) expect(value).toBeCloseTo(0.5, 1);
    const [dots] = drawn(1000, line(1000, { dots: true }));
    expect(dots).toMatchObject({ dots: false, spans: true });
    const filled = line(1000, { filled: true });
    expect(drawn(1000, filled)).toEqual([filled]);
  });

  it('tell what is known at a place: of evaluations the one before, of gaps nothing', () => {
    const values = [null, 1, null];
    const reported = (more: Partial<Line>) =>
      [0, 1, 2].map((i) => textAt(line(3, { values, ...more }), i, formatNumber));
    expect(reported({})).toEqual(['–', '1', '–']);
    expect(reported({ dots: true })).toEqual(['–', '1', '1']);
    expect(reported({ spans: true, legend: [5, null, null] })).toEqual(['5', '5', '5']);
    expect(reported({ format: (value) => `<${value}>` })).toEqual(['<null>', '<1>', '<null>']);
  });
});
