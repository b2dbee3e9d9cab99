import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { campaign } from './campaign.ts';
import { plan } from './plan.ts';

const { seed } = fc.readConfigureGlobal();
/** Bytes that a leak of two or three kilobytes a frame exceeds, and the noise of a collector, one megabyte, does not. */
const MOST_GROWN = 3 * 2 ** 20;

// Other frames: PROPERTY_SEED=7 npx vitest run test/fuzz; more of them: npm run fuzz -- --frames 10000000
const parts = await plan();
describe('malformed frames', () => {
  it.each(parts)(
    'do no harm to $target.name',
    async ({ target, frames }) => {
      const { tally, grown } = await campaign(target, { frames, seed: seed! });
      expect(tally.total).toBeGreaterThanOrEqual(frames);
      expect(grown).toBeLessThan(MOST_GROWN);
    },
    300_000,
  );
});
