import type { Rng } from '../../kernels/index.ts';
import type { ActionMask, Space } from '../contract/space.ts';
import { flatMask } from './flat-mask.ts';
import { type Compound, entriesIn, maskSize, partsOf } from './parts.ts';

/**
 * Draws the parts of a Dict or Tuple in order, from the choices that the mask allows.
 * @throws RangeError for a mask that does not fit
 */
export function drawParts(
  space: Space & Compound,
  rng: Rng,
  mask: ActionMask | undefined,
): Map<string | number, unknown> {
  const owner = space.type === 'dict' ? 'Dict' : 'Tuple';
  const row = mask && flatMask(space, mask, `${owner}.sample: mask`);
  const parts = new Map(entriesIn(space));
  const drawn = new Map<string | number, unknown>();
  let begin = 0;
  for (const [key, part] of parts) {
    const by = space.maskedBy.get(key);
    const masking = by === undefined ? undefined : partsOf(parts.get(by)!)[0];
    const chosen = masking ? (drawn.get(by!) as number) - masking.start[0] : 0;
    const width = maskSize(part);
    const from = begin + chosen * width;
    drawn.set(key, part.sample(rng, width > 0 ? row?.subarray(from, from + width) : undefined));
    begin += width * (masking?.nvec[0] ?? 1);
  }
  return drawn;
}
