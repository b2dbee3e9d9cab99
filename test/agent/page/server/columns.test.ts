import { describe, expect, it } from 'vitest';
import { Columns } from '../../../../src/agent/page/server/columns.ts';

const row = (update: number, more: Record<string, number> = {}) =>
  new Map(Object.entries({ update, envSteps: 10 * update, elapsed: update, ...more }));

describe('Columns', () => {
  it('has a gap where a row lacks a number, before a column began as well', () => {
    const columns = new Columns();
    columns.append(row(1));
    columns.append(row(2, { loss: 0.5 }));
    columns.append(row(3));
    expect([...columns.column('loss')!]).toEqual([Number.NaN, 0.5, Number.NaN]);
    expect(columns.column('other')).toBeUndefined();
  });

  it('stays within its rows: halves them, keeping peaks, sums and the ends of axes', () => {
    const columns = new Columns(1024);
    for (let i = 1; i <= 5000; i++) {
      columns.append(row(i, { loss: i === 2222 ? 99 : 1, 'histogram.1': 1 }));
      expect(columns.length).toBeLessThanOrEqual(1024);
    }
    expect(columns.thinned).toBeGreaterThan(0);
    const updates = [...columns.column('update')!];
    expect([updates[0], updates.at(-1)]).toEqual([1, 5000]);
    expect(updates).toEqual(updates.toSorted((a, b) => a - b));
    expect(Math.max(...columns.column('loss')!)).toBe(99);
    expect(Array.from(columns.column('histogram.1')!).reduce((a, b) => a + b)).toBe(5000);
  });

  it('takes no more than a bounded number of columns, and the first ones stay', () => {
    const columns = new Columns();
    const many = Object.fromEntries(Array.from({ length: 1000 }, (_, i) => [`x${i}`, i]));
    columns.append(row(1, many));
    columns.append(row(2, { more: 1 }));
    expect(columns.names).toHaveLength(192);
    expect([...columns.column('x0')!]).toEqual([0, Number.NaN]);
  });
});
