import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { campaign } from './campaign.ts';
import { plan } from './plan.ts';

const { seed } = fc.readConfigureGlobal();
/** What a leak of one kilobyte a frame or more would exceed, and the noise of a collector would not. */
const mostGrown = (frames: number) => 4 * 2 ** 20 + 1000 * frames;

// Other frames: PROPERTY_SEED=7 npx vitest run test/fuzz; more of them: npm run fuzz -- --frames 10000000
const parts = await plan();
describe('malformed frames', () => {
  it.each(parts)(
    'do no harm to $target.name',
    async ({ target, frames }) => {
      const { tally, grown } = await campaign(target, { frames, seed: seed! });
      expect(tally.total).toBeGreaterThanOrEqual(frames);
      expect(grown).toBeLessThan(mostGrown(frames));
    },
    300_000,
  );
});
