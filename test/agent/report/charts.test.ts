import { describe, expect, it } from 'vitest';
import {
  columnChart,
  formatNumber,
  formatPercent,
  heatMap,
  lineChart,
  ticks,
} from '../../../src/agent/report/charts.ts';

const named = { id: 'x', title: 'A title', description: 'What it shows' };

const rects = (html: string) =>
  [...html.matchAll(/<rect[^>]*>/g)].map(([rect]) =>
    Object.fromEntries(
      [...rect.matchAll(/(x|y|width|height|fill-opacity)="([\d.]+)"/g)].map(([, k, v]) => [k, +v]),
    ),
  );

describe('formatNumber', () => {
  it.each([
    [307200, '307,200'],
    [1234567, '1,234,567'],
    [999, '999'],
    [-1300.4, '−1,300'],
    [0.98765, '0.988'],
    [0.5, '0.5'],
    [-0.171, '−0.171'],
    [0, '0'],
    [-0, '0'],
    [999.99, '1,000'],
    [1e-9, '1e-9'],
    [null, '–'],
    [Number.NaN, '–'],
    [Number.NEGATIVE_INFINITY, '–'],
  ])('writes %s as %s', (value, text) => expect(formatNumber(value)).toBe(text));
});

describe('formatPercent', () => {
  it.each([
    [1, '100 %'],
    [0.987, '99 %'],
    [0.0123, '1.2 %'],
    [0, '0 %'],
    [null, '–'],
  ])('writes %s as %s', (share, text) => expect(formatPercent(share)).toBe(text));
});

describe('ticks', () => {
  it.each([
    [0, 1, 4, [0, 0.5, 1]],
    [0, 307200, 4, [0, 100000, 200000, 300000, 400000]],
    [-1263, -97, 4, [-1500, -1000, -500, 0]],
    [0, 0.3, 3, [0, 0.1, 0.2, 0.3]],
    [5, 5, 4, [4, 6]],
    [0, 0, 4, [0, 0.5]],
  ])('encloses %d..%d with about %d round numbers', (low, high, count, expected) => {
    expect(ticks(low, high, count)).toEqual(expected);
  });
});

describe('lineChart', () => {
  const series = (points: [number, number | null][]) => [
    { label: 'return', color: 'c1', kind: 'line', points } as const,
  ];
  const path = (html: string) => /class="line c1" d="([^"]*)"/.exec(html)![1];

  it('places points in proportion, with a margin of 6 % of the range', () => {
    // y = 1000 · (1 − (v + 0.06) / 1.12): 946.4 for 0, 500 for 0.5, 53.6 for 1
    const html = lineChart({
      ...named,
      series: series([
        [0, 0],
        [50, 0.5],
        [200, 1],
      ]),
    });
    expect(path(html)).toBe('M0 946.4h0L250 500L1000 53.6');
  });

  it('breaks at null and draws a point alone as a dot', () => {
    const html = lineChart({
      ...named,
      series: series([
        [50, 0],
        [100, null],
        [200, 1],
      ]),
    });
    expect(path(html)).toBe('M250 946.4h0M1000 53.6h0');
  });

  it('marks a step with a line and a label on the side that has room', () => {
    const at = (x: number) =>
      lineChart({
        ...named,
        series: series([
          [0, 0],
          [200, 1],
        ]),
        marker: { x, label: 'here' },
      });
    expect(at(50)).toContain('<path class="marker" d="M250 0V1000"/>');
    expect(at(50)).toContain('<span class="marker" style="left:25%;top:0%">here</span>');
    expect(at(150)).toContain('<span class="marker left" style="left:75%;top:0%">here</span>');
  });

  it('makes room for a marker beyond the data', () => {
    const points = series([
      [0, 0],
      [100, 1],
    ]);
    const html = lineChart({ ...named, series: points, marker: { x: 200, label: 'here' } });
    expect(path(html)).toBe('M0 946.4h0L500 53.6');
  });

  it('draws a constant curve in the middle', () => {
    expect(
      path(
        lineChart({
          ...named,
          series: series([
            [0, 7],
            [10, 7],
          ]),
        }),
      ),
    ).toBe('M0 500h0L1000 500');
  });
});

describe('columnChart', () => {
  const chart = (values: (number | null)[]) =>
    columnChart({
      ...named,
      labels: values.map((_, i) => String(i)),
      values,
      color: 'c1',
      height: 100,
    });

  it('draws heights in proportion, from zero', () => {
    expect(rects(chart([1, 2, null, 4]))).toEqual([
      { x: 45, width: 160, y: 750, height: 250 },
      { x: 295, width: 160, y: 500, height: 500 },
      { x: 795, width: 160, y: 0, height: 1000 },
    ]);
  });

  it('hangs negative columns from zero', () => {
    expect(rects(chart([-10, 30])).map(({ y, height }) => [y, height])).toEqual([
      [750, 250],
      [0, 750],
    ]);
  });

  it('takes columns that are all zero, or all null', () => {
    expect(rects(chart([0, 0])).map(({ y, height }) => [y, height])).toEqual([
      [1000, 0],
      [1000, 0],
    ]);
    expect(rects(chart([null]))).toEqual([]);
  });

  it('says what it is to a screen reader', () => {
    const html = chart([1]);
    expect(html).toContain('<svg role="img" aria-labelledby="x-title x-desc"');
    expect(html).toContain('<title id="x-title">A title</title>');
    expect(html).toContain('<desc id="x-desc">What it shows</desc>');
  });
});

describe('heatMap', () => {
  it('stacks the shares from the bottom, each column from the step before', () => {
    const columns = [
      { step: 100, shares: [0, 0.5], mean: 2 },
      { step: 400, shares: [0.25, 0.1], mean: null },
    ];
    const html = heatMap({ ...named, columns, rows: 2, darkest: 0.5 });
    expect(rects(html)).toEqual([
      { x: 0, width: 250, y: 0, height: 500, 'fill-opacity': 1 },
      { x: 250, width: 750, y: 500, height: 500, 'fill-opacity': 0.5 },
      { x: 250, width: 750, y: 0, height: 500, 'fill-opacity': 0.2 },
    ]);
    expect(html).toContain('<path class="line ink" d="M125 250h0"/>');
  });
});
