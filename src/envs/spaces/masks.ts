import { describe } from '../common/describe.ts';
import type { ActionMask } from '../contract/space.ts';

/** @throws RangeError unless `mask` has `length` entries in 0..max */
export function checkMask(
  owner: string,
  mask: ActionMask,
  length: number,
  max = 1,
): asserts mask is ArrayLike<number> {
  const row = mask as ArrayLike<number>;
  let valid = row.length === length;
  for (let i = 0; valid && i < length; i++) {
    valid = Number.isInteger(row[i]) && row[i] >= 0 && row[i] <= max;
  }
  if (valid) return;
  const entries = max === 1 ? '0 or 1' : `0..${max}`;
  throw new RangeError(
    `${owner}.sample: expected a mask of ${length} entries, each ${entries}, got ${describe(mask)}`,
  );
}

/** @throws RangeError where there is a mask, for a space that takes none */
export function refuseMask(owner: string, mask: ActionMask | undefined): void {
  if (mask) throw new RangeError(`${owner}.sample: takes no mask, got ${describe(mask)}`);
}
