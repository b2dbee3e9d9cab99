import type { Ranges } from '../../ops/attention-over-rows.ts';
import { int, optional, struct, type Values } from '../runtime/define-kernel.ts';
import type { SimdBackend } from '../runtime/simd-backend.ts';

/** The rows that all elements of a batch share, and those that each attends to: `Memory` and `Ranges` of the operations. */
export const sharedRows = struct('SharedRows', {
  k: optional('[M, D]'),
  v: optional('[M, D]'),
  bias: optional('[H, most]'),
  begin: optional('the first row of each element, int32 [B]'),
  end: optional('the row after its last, int32 [B]'),
  most: int('rows that a range may have'),
  longest: int('rows of the longest range'),
});

/** The sums of the gradients of what the elements share. */
export const sharedSums = struct('SharedSums', {
  k: optional('[M, D]'),
  v: optional('[M, D]'),
  bias: optional('[H, most]'),
  laneStep: int('bytes from the sums of a lane to those of the next; they are added to'),
});

export type SharedRows = Values<typeof sharedRows.fields>;

/** Of a block whose elements share nothing. */
export const NO_ROWS: SharedRows = { most: 0, longest: 0 };

/** Ranges in the arena. The caller frees `begin`. */
export type RangesAt = Pick<SharedRows, 'begin' | 'end' | 'longest'> & { begin: number };

export function placeRanges({ arena }: SimdBackend, { begin, end }: Ranges): RangesAt {
  const count = begin.length;
  const address = arena.allocate(8 * count);
  const words = new Int32Array(arena.memory.buffer, address, 2 * count);
  words.set(begin);
  words.set(end, count);
  let longest = 0;
  for (let b = 0; b < count; b++) longest = Math.max(longest, end[b] - begin[b]);
  return { begin: address, end: address + 4 * count, longest };
}
