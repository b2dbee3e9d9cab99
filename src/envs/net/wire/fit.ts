import { isNdArray } from './ndarray.ts';
import { defaultFrameLimits } from './scan.ts';

/** The approximate size of a message in MessagePack. */
export interface Size {
  bytes: number;
  /** Entries of all its maps and lists; a map has two for each key. */
  entries: number;
  /** Nesting of its maps and lists. */
  depth: number;
}

/** The most bytes of a frame that a client accepts. */
export const DIALLER_TAKES = 64 * 2 ** 20;

/** The largest message that `fit` does not divide: smaller ones arrive earlier and take less memory. */
const PART = { bytes: 4 * 2 ** 20, entries: 50_000 };

/** The most bytes of a number, and of the header of any other value. */
const HEAD = 9;
/** The size of the map that represents an array, without its numbers. */
const ARRAY_HEAD = { bytes: 80, entries: 8, depth: 2 };

/**
 * The size of a value on the wire.
 * @throws TypeError for a bigint or a symbol, which messages cannot hold
 * @internal
 */
export function sizeOf(value: unknown): Size {
  const size: Size = { bytes: 0, entries: 0, depth: 0 };
  add(value, size, 0);
  return size;
}

function add(value: unknown, size: Size, depth: number): void {
  size.bytes += HEAD;
  if (typeof value === 'string') size.bytes += Buffer.byteLength(value);
  if (typeof value === 'bigint' || typeof value === 'symbol') {
    throw new TypeError(`expected plain data, got a ${typeof value}`);
  }
  if (typeof value !== 'object' || value === null) return;
  size.depth = Math.max(size.depth, depth + 1);
  if (isNdArray(value) || ArrayBuffer.isView(value)) {
    const { byteLength } = isNdArray(value) ? value.data : value;
    size.bytes += ARRAY_HEAD.bytes + byteLength;
    size.entries += ARRAY_HEAD.entries;
    size.depth = Math.max(size.depth, depth + ARRAY_HEAD.depth);
    return;
  }
  if (Array.isArray(value)) {
    size.entries += value.length;
    for (const entry of value) add(entry, size, depth + 1);
    return;
  }
  for (const key of Object.keys(value)) {
    size.entries += 2;
    size.bytes += HEAD + Buffer.byteLength(key);
    add((value as Record<string, unknown>)[key], size, depth + 1);
  }
}

/**
 * The reason why a message is too large to send; undefined where it is not.
 * @param takes the most bytes of a frame that the peer accepts; Infinity for a thread, which needs no frames
 * @internal
 */
export function explainSize(size: Size, takes: number): string | undefined {
  if (takes === Infinity) return undefined;
  const most = defaultFrameLimits;
  if (size.bytes > takes) {
    return `expected at most ${takes} bytes, which the other side takes (maxPayload), got ${size.bytes}`;
  }
  if (size.entries > most.entries) {
    return `expected at most ${most.entries} entries in a frame, got ${size.entries}`;
  }
  return size.depth > most.depth
    ? `expected lists and maps nested at most ${most.depth} deep`
    : undefined;
}

/**
 * Divides rows into messages of limited size, in order.
 * @param build makes the message of some of the rows
 * @param takes the most bytes of a frame that the peer accepts
 * @param refuse makes the message in place of a row that is too large, or for which `build` throws
 */
export function fit<T>(
  rows: readonly T[],
  build: (rows: readonly T[]) => object,
  takes: number,
  refuse: (row: T, why: string) => object,
): object[] {
  let why: string | undefined;
  try {
    const message = build(rows);
    const size = sizeOf(message);
    if (rows.length === 1) why = explainSize(size, takes);
    const small = size.bytes <= Math.min(PART.bytes, takes) && size.entries <= PART.entries;
    if (why === undefined && (small || rows.length === 1)) return [message];
  } catch (error) {
    why = (error as Error).message;
  }
  if (rows.length === 1) return [refuse(rows[0], why!)];
  const half = rows.length >> 1;
  return [rows.slice(0, half), rows.slice(half)].flatMap((part) => fit(part, build, takes, refuse));
}
