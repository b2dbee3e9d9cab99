import { describe } from '../common/describe.ts';
import type { ActionMask, Space } from '../contract/space.ts';
import { isArrayLike } from './array-value.ts';
import { type ActionPart, entriesIn, isCompound, maskSize, partsOf } from './parts.ts';

/**
 * A mask as a flat row: it has an entry of 0 or 1 for each choice, and at least one 1 for each component; for a part that
 * is masked by another, at least one for each choice of the other that is allowed.
 * @param where the mask's name in messages
 * @throws RangeError naming the part, the expectation and the given value
 * @internal
 */
export function flatMask(space: Space, mask: ActionMask, where = 'info.actionMask'): Uint8Array {
  const size = maskSize(space);
  if (size === 0) throw new RangeError(`${where}: a ${space.type} space takes no mask`);
  const row = new Uint8Array(size).fill(1);
  const parts = partsOf(space);
  if (!isCompound(space) || isFlat(mask)) {
    take(mask, size, row, where);
  } else {
    checkKeys(space, mask, where);
    let begin = 0;
    for (const part of parts) {
      const given = part.path.reduce((from: unknown, key) => (from as never)?.[key], mask);
      const own = row.subarray(begin, (begin += part.maskRows * part.maskWidth));
      if (given !== undefined && given !== null) takePart(part, given, own, nameIn(where, part));
    }
  }
  checkAllowed(parts, row, where);
  return row;
}

/** Whether a mask of a Dict or Tuple is a flat row, and not shaped like the space. */
function isFlat(mask: unknown): boolean {
  return ArrayBuffer.isView(mask) || (Array.isArray(mask) && typeof mask[0] === 'number');
}

function nameIn(where: string, { name }: ActionPart): string {
  return name === '' ? where : `${where}.${name}`;
}

/** Checks that masks have the names of parts. */
function checkKeys(space: Space, mask: unknown, where: string): void {
  if (!isCompound(space) || mask === undefined || mask === null) return;
  const parts = new Map(entriesIn(space));
  if (space.type === 'tuple') {
    if (!Array.isArray(mask) || mask.length !== parts.size) {
      const expected = `an array of ${parts.size}, a mask or null for each part`;
      throw new RangeError(`${where}: expected ${expected}, got ${describe(mask)}`);
    }
  } else {
    const isObject = typeof mask === 'object' && !isArrayLike(mask);
    const stranger = isObject ? Object.keys(mask).find((key) => !parts.has(key)) : undefined;
    if (!isObject || stranger !== undefined) {
      const keys = [...parts.keys()].join(', ');
      const got = stranger === undefined ? describe(mask) : `the key ${stranger}`;
      throw new RangeError(`${where}: expected an object with keys of ${keys}, got ${got}`);
    }
  }
  for (const [key, part] of parts) {
    checkKeys(part, (mask as never)[key], `${where}.${key}`);
  }
}

/** Reads the mask of a part into its place in the row. */
function takePart(part: ActionPart, mask: unknown, row: Uint8Array, where: string): void {
  const { maskRows, maskWidth, space, maskedBy } = part;
  if (maskWidth === 0) throw new RangeError(`${where}: a ${space.type} space takes no mask`);
  if (maskedBy === undefined || isFlat(mask) || !Array.isArray(mask)) {
    take(mask, row.length, row, where);
    return;
  }
  if (mask.length !== maskRows) {
    throw new RangeError(
      `${where}: expected ${maskRows} rows of ${maskWidth} entries, got ${mask.length} rows`,
    );
  }
  for (const [i, one] of mask.entries()) {
    const at = i * maskWidth;
    take(one, maskWidth, row.subarray(at, at + maskWidth), `${where}[${i}]`);
  }
}

/** Reads `size` entries into a row. */
function take(mask: unknown, size: number, row: Uint8Array, where: string): void {
  if (!isArrayLike(mask)) {
    throw new RangeError(`${where}: expected an array, got ${describe(mask)}`);
  }
  if (mask.length !== size) {
    throw new RangeError(`${where}: expected ${size} entries, got ${mask.length}`);
  }
  for (let i = 0; i < size; i++) {
    const entry = mask[i];
    if (entry !== 0 && entry !== 1) {
      throw new RangeError(`${where}: expected 0 or 1, got ${describe(entry)} at entry ${i}`);
    }
    row[i] = entry;
  }
}

/** Checks that each component has an allowed choice, whatever allowed choices came before. */
function checkAllowed(parts: readonly ActionPart[], mask: Uint8Array, where: string): void {
  /** For each part, which of its choices can come about. */
  const possible: boolean[][] = [];
  let begin = 0;
  for (const part of parts) {
    const { nvec, maskedBy, maskRows, maskWidth } = part;
    const own = new Array<boolean>(maskWidth).fill(false);
    for (let row = 0; row < maskRows; row++, begin += maskWidth) {
      if (maskedBy !== undefined && !possible[maskedBy][row]) continue;
      let at = begin;
      for (const [c, n] of nvec.entries()) {
        if (!mask.subarray(at, (at += n)).includes(1)) {
          const by = maskedBy === undefined ? undefined : parts[maskedBy];
          const when = by ? ` where ${by.name} is ${by.start[0] + row}` : '';
          throw new RangeError(
            `${nameIn(where, part)}: expected at least one allowed choice${when}, got none in component ${c}`,
          );
        }
      }
      for (let i = 0; i < maskWidth; i++) own[i] ||= mask[begin + i] === 1;
    }
    possible.push(own);
  }
}
