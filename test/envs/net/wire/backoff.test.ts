import { describe, expect, it } from 'vitest';
import { defaultBackoff, fullJitter } from '../../../../src/envs/net/wire/backoff.ts';
import { Rng } from '../../../../src/kernels/index.ts';

describe('fullJitter', () => {
  it('is spread over all of a span that doubles up to its limit', () => {
    const rng = Rng.seed(1);
    [250, 500, 1000, 2000, 4000, 8000, 16_000, 30_000, 30_000].forEach((span, attempt) => {
      const waits = Array.from({ length: 1000 }, () => fullJitter(attempt, defaultBackoff, rng));
      expect(Math.min(...waits)).toBeGreaterThanOrEqual(0);
      expect(Math.max(...waits)).toBeLessThan(span);
      expect(Math.min(...waits)).toBeLessThan(0.02 * span);
      expect(Math.max(...waits)).toBeGreaterThan(0.98 * span);
    });
  });

  it('is finite however often it is asked', () => {
    expect(fullJitter(5000, { baseMs: 250, maxMs: 10 }, Rng.seed(1))).toBeLessThan(10);
  });

  it('is the same for the same seed', () => {
    const wait = () => fullJitter(3, defaultBackoff, Rng.seed(7, 'x'));
    expect(wait()).toBe(wait());
  });
});
