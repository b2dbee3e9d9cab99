import { describe } from '../../common/describe.ts';
import type { Info } from '../../contract/env.ts';
import { isNdArray } from './ndarray.ts';

/** The keys of `info` for which a warning was printed. */
const warned = new Set<string>();

/**
 * `info.difficulty` as a finite number; undefined where there is none. It ignores a value of another type, and warns
 * once.
 */
export function difficultyOf(info: Info | undefined): number | undefined {
  const read = (value: unknown) => (Number.isFinite(value) ? (value as number) : undefined);
  return entryOf(info, 'difficulty', 'a finite number', read);
}

/** `info.success` as a boolean, where 0 and 1 count as booleans; it treats other values as `difficultyOf` does. */
export function successOf(info: Info | undefined): boolean | undefined {
  const read = (value: unknown) =>
    value === true || value === 1 || (value === false || value === 0 ? false : undefined);
  return entryOf(info, 'success', 'true or false', read);
}

/** `info.ticks` as an integer ≥ 1, which is 1 where there is none; it treats other values as `difficultyOf` does. */
export function ticksOf(info: Info | undefined): number {
  const read = (value: unknown) =>
    Number.isInteger(value) && (value as number) >= 1 ? (value as number) : undefined;
  return entryOf(info, 'ticks', 'an integer ≥ 1', read) ?? 1;
}

function entryOf<T>(
  info: Info | undefined,
  key: 'difficulty' | 'success' | 'ticks',
  expected: string,
  read: (value: unknown) => T | undefined,
): T | undefined {
  let value: unknown;
  try {
    value = info?.[key];
  } catch (error) {
    value = error;
  }
  if (value === undefined || value === null) return undefined;
  const known = read(only(value));
  if (known === undefined && !warned.has(key)) {
    warned.add(key);
    process.emitWarning(`info.${key} is ignored: expected ${expected}, got ${describe(value)}`);
  }
  return known;
}

/** The entry of an array of one entry, which other languages may send for a number; other values unchanged. */
export function only(value: unknown): unknown {
  if (typeof value !== 'object' || value === null) return value;
  const entries = isNdArray(value) ? value.data : value;
  const { length } = entries as ArrayLike<unknown>;
  return length === 1 ? (entries as ArrayLike<unknown>)[0] : value;
}
