import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  bucketSize,
  decimate,
  decimatedLength,
} from '../../../../src/agent/page/server/decimate.ts';

const column = fc
  .array(fc.oneof(fc.double({ noNaN: true }), fc.constant(Number.NaN)), { maxLength: 300 })
  .map((values) => Float64Array.from(values));
const size = fc.integer({ min: 3, max: 40 });
const finite = (values: Iterable<number>) => [...values].filter((value) => !Number.isNaN(value));

describe('decimate', () => {
  it('keeps the lowest and the highest value of every bucket, in the order they came', () => {
    fc.assert(
      fc.property(column, size, (values, size) => {
        const thinned = decimate(values, 0, values.length, size, 'extremes');
        for (let bucket = 0; bucket * size < values.length; bucket++) {
          const rows = finite(values.subarray(bucket * size, (bucket + 1) * size));
          const pair = finite(thinned.subarray(2 * bucket, 2 * bucket + 2));
          if (rows.length === 0) expect(pair).toEqual([]);
          else {
            expect(Math.min(...pair)).toBe(Math.min(...rows));
            expect(Math.max(...pair)).toBe(Math.max(...rows));
            expect(rows.indexOf(pair[0])).toBeLessThanOrEqual(rows.lastIndexOf(pair.at(-1)!));
          }
        }
      }),
    );
  });

  it('has a gap where a bucket holds nothing, and there alone', () => {
    const gap = Number.NaN;
    const values = Float32Array.of(1, gap, 2, gap, gap, gap, 3, 4, 5);
    expect([...decimate(values, 0, 9, 3, 'extremes')]).toEqual([1, 2, gap, gap, 3, 5]);
  });

  it('keeps what sums add up to, and the ends of axes', () => {
    fc.assert(
      fc.property(
        fc.array(fc.integer({ min: 0, max: 1000 }), { minLength: 1 }),
        size,
        (list, size) => {
          const values = Float64Array.from(list);
          const sum = (numbers: Iterable<number>) => [...numbers].reduce((a, b) => a + b, 0);
          expect(sum(decimate(values, 0, values.length, size, 'sum'))).toBe(sum(values));
          const ends = decimate(values, 0, values.length, size, 'ends');
          expect([ends[0], ends.at(-1)]).toEqual([values[0], values.at(-1)]);
        },
      ),
    );
  });

  it('leaves no more points than were asked for, and all where they are as few', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 0, max: 5000 }),
        fc.integer({ min: 2, max: 400 }),
        (rows, points) => {
          const size = bucketSize(rows, points);
          const values = Float64Array.from({ length: rows }, (_, i) => i);
          const thinned = decimate(values, 0, rows, size, 'extremes');
          expect(thinned).toHaveLength(decimatedLength(rows, size));
          expect(thinned.length).toBeLessThanOrEqual(points);
          if (rows <= points - 1) expect(thinned).toEqual(values);
        },
      ),
    );
  });
});
