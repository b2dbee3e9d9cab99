import { describe } from '../common/describe.ts';
import type { Space } from '../contract/space.ts';

/** Whether a value has the methods of a space; it may come from another copy of this package. */
export function isSpace(value: unknown): value is Space {
  const { size, explain, write } = (value ?? {}) as Record<string, unknown>;
  return Number.isInteger(size) && typeof explain === 'function' && typeof write === 'function';
}

/** @throws TypeError naming the part of `owner` that is no space */
export function checkParts(
  owner: string,
  parts: Iterable<readonly [key: string | number, part: unknown]>,
): void {
  for (const [key, part] of parts) {
    if (isSpace(part)) continue;
    throw new TypeError(`${owner}: expected ${key} to be a space, got ${describe(part)}`);
  }
}
