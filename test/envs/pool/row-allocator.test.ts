import { expect, it } from 'vitest';
import { Rows } from '../../../src/envs/pool/row-allocator.ts';

it.each([1, 3, 4096, 5000])('rows of %i numbers are their own, and all 0', (size) => {
  const rows = new Rows(size);
  const taken = Array.from({ length: 5000 / size + 3 }, () => rows.next());
  taken.forEach((row, i) => {
    expect(row).toEqual(new Float32Array(size));
    row.fill(i + 1);
  });
  taken.forEach((row, i) => {
    expect(row.every((x) => x === i + 1)).toBe(true);
  });
});

it('rows of nothing are empty', () => {
  const rows = new Rows(0);
  expect([rows.next().length, rows.next().length]).toEqual([0, 0]);
});
