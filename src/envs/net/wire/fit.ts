import { isNdArray } from './ndarray.ts';
import { defaultFrameLimits } from './scan.ts';

/** How much there is of a message, in MessagePack and about. */
export interface Size {
  bytes: number;
  /** Of all its maps and lists; a map has two for each key. */
  entries: number;
  /** Of maps and lists within one another. */
  depth: number;
}

/** Bytes of a frame that whoever dials takes. */
export const DIALLER_TAKES = 64 * 2 ** 20;

/** What is sent at once is no more, where it can be parted: the rest need not wait for it, nor memory hold it. */
const PART = { bytes: 4 * 2 ** 20, entries: 50_000 };

/** Bytes of a number, and of what introduces anything else, at most. */
const HEAD = 9;
/** Of the map that stands for an array. */
const ARRAY_HEAD = { bytes: 80, entries: 8, depth: 2 };

/**
 * How large a value is once it travels.
 * @throws TypeError for what never does: a bigint, a symbol
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
 * Why a message cannot travel; undefined where it can.
 * @param takes bytes a frame that the peer takes; Infinity where there are no frames, but memory is shared
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
 * The messages that carry these rows, in order and as few as each may be of a size that is quickly sent.
 * @param build the message of some of the rows
 * @param takes as above
 * @param refuse what is sent in place of one row that is too large, or cannot be built
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
