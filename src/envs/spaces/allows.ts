import type { MaskRow, Space } from '../contract/space.ts';
import { partsOf } from './parts.ts';

/** Whether a mask, a flat row as `flatMask` makes it, allows an action of the space. */
export function allows(space: Space, mask: MaskRow, action: unknown): boolean {
  const parts = partsOf(space);
  const chosen = parts.map(({ path, nvec, start }) => {
    const value = path.reduce((from: unknown, key) => (from as never)[key], action);
    const choices = typeof value === 'number' ? [value] : (value as ArrayLike<number>);
    return nvec.map((_, c) => choices[c] - start[c]);
  });
  let begin = 0;
  return parts.every(({ nvec, maskedBy, maskRows, maskWidth }, i) => {
    const row = maskedBy === undefined ? 0 : chosen[maskedBy][0];
    let at = begin + row * maskWidth;
    begin += maskRows * maskWidth;
    return nvec.every((n, c) => {
      const allowed = mask[at + chosen[i][c]] === 1;
      at += n;
      return allowed;
    });
  });
}
