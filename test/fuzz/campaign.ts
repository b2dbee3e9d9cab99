import fc from 'fast-check';
import { settledMemory } from './memory.ts';
import { Tally } from './outcome.ts';
import type { Target } from './target.ts';

export interface CampaignOptions {
  /** How many frames and handshakes at least. */
  frames: number;
  /** The same seed gives the same frames. */
  seed: number;
  /** Told now and then what came of them so far. */
  onProgress?: (tally: Tally) => void;
}

export interface Campaign {
  /** What came of its frames. */
  tally: Tally;
  /** Bytes that are held at its end beyond those after its first quarter. */
  grown: number;
}

/** Cases between two looks at the honest peer. */
const ROUND = 50;

/**
 * Gives a target so many malformed frames.
 * @throws Error with the shrunk case that it did not stand, and the seed and path that give it again
 */
export async function campaign(
  target: Target,
  { frames, seed, onProgress }: CampaignOptions,
): Promise<Campaign> {
  const tally = new Tally();
  let held: number | undefined;
  const open = await target.open();
  try {
    for (let round = 0; tally.total < frames; round++) {
      const property = fc.asyncProperty(target.cases, async (given) => {
        tally.addAll(await open.play(given));
      });
      const left = Math.ceil((frames - tally.total) / target.framesPerCase);
      const details = await fc.check(property, {
        seed: seed + round,
        numRuns: Math.min(ROUND, left),
        interruptAfterTimeLimit: SHRINK_MS,
      });
      if (details.failed) {
        const report = await fc.asyncDefaultReportMessage(details);
        throw new Error(`${target.name}: ${report}`, { cause: details.errorInstance });
      }
      await open.control();
      onProgress?.(tally);
      if (held === undefined && tally.total >= frames / 4) held = await settledMemory();
    }
    const grown = (await settledMemory()) - held!;
    return { tally, grown };
  } finally {
    await open.close();
  }
}

/** What has not shrunk by then is shown as it is. */
const SHRINK_MS = 120_000;
