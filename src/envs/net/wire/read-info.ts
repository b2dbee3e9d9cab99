import { describe } from '../../common/describe.ts';
import type { Info } from '../../contract/env.ts';
import { isNdArray } from './ndarray.ts';

/** What is wrong with a key of `info` was said already. */
const said = new Set<string>();

/**
 * `info.difficulty` as a finite number; undefined where there is none. What only shares its name means nothing: it is
 * ignored, and said once.
 */
export function difficultyOf(info: Info | undefined): number | undefined {
  const read = (value: unknown) => (Number.isFinite(value) ? (value as number) : undefined);
  return entryOf(info, 'difficulty', 'a finite number', read);
}

/** `info.success` as a boolean, which 0 and 1 are too; else as `difficultyOf`. */
export function successOf(info: Info | undefined): boolean | undefined {
  const read = (value: unknown) =>
    value === true || value === 1 || (value === false || value === 0 ? false : undefined);
  return entryOf(info, 'success', 'true or false', read);
}

function entryOf<T>(
  info: Info | undefined,
  key: 'difficulty' | 'success',
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
  if (known === undefined && !said.has(key)) {
    said.add(key);
    process.emitWarning(`info.${key} is ignored: expected ${expected}, got ${describe(value)}`);
  }
  return known;
}

/** What an array of one entry, as other languages give it, holds. */
function only(value: unknown): unknown {
  if (typeof value !== 'object') return value;
  const entries = isNdArray(value) ? value.data : value;
  const { length } = entries as ArrayLike<unknown>;
  return length === 1 ? (entries as ArrayLike<unknown>)[0] : value;
}
