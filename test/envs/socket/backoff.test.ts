import { expect, it } from 'vitest';
import { backoff } from '../../../src/envs/socket/backoff.ts';

it('waits up to a bound that doubles, and no longer than half a minute', () => {
  const longest = [0, 1, 2, 6, 7, 50].map((attempt) => backoff(attempt, () => 1));
  expect(longest).toEqual([250, 500, 1000, 16_000, 30_000, 30_000]);
  expect(backoff(3, () => 0.25)).toBe(500);
});
