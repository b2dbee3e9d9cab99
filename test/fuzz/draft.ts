import fc from 'fast-check';
import { type Encoding, Pairs, Raw, write } from './bytes.ts';
import { anyJunk } from './junk.ts';

/** One change of a message: at the place of that number, in the order in which a reader meets them. */
export interface Change {
  at: number;
  op: 'replace' | 'remove' | 'add' | 'repeat' | 'wrap' | 'rename';
  junk: unknown;
}

/** One change of a frame's bytes. */
export interface Harm {
  op: 'none' | 'cut' | 'flip' | 'insert' | 'append' | 'only' | 'other kind';
  at: number;
  bytes: Uint8Array;
}

/** A message that was right, and what is done to it and to its bytes. */
export interface Draft {
  message: unknown;
  changes: readonly Change[];
  harm: Harm;
}

export interface Frame {
  binary: boolean;
  bytes: Uint8Array;
}

const changes = fc.array(
  fc.record({
    at: fc.nat(200),
    op: fc.constantFrom<Change['op'][]>(
      ...(['replace', 'replace', 'replace', 'remove', 'add', 'repeat', 'wrap', 'rename'] as const),
    ),
    junk: anyJunk,
  }),
  { maxLength: 3 },
);

const harms: fc.Arbitrary<Harm> = fc.oneof(
  {
    weight: 8,
    arbitrary: fc.constant<Harm>({ op: 'none', at: 0, bytes: new Uint8Array() }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      op: fc.constantFrom<Harm['op'][]>('cut', 'flip', 'insert', 'append', 'only', 'other kind'),
      at: fc.nat(2000),
      bytes: fc.uint8Array({ minLength: 1, maxLength: 24 }),
    }),
  },
);

/** Messages, most of them spoilt. */
export function drafts(messages: fc.Arbitrary<unknown>): fc.Arbitrary<Draft> {
  return fc.record({ message: messages, changes, harm: harms });
}

/** A draft as it travels. */
export function frameOf({ message, changes, harm }: Draft, encoding: Encoding): Frame {
  const changed = changes.reduce(changedBy, message);
  const binary = (encoding === 'msgpack') !== (harm.op === 'other kind');
  return { binary, bytes: harmed(write(changed, encoding), harm) };
}

function harmed(bytes: Uint8Array, { op, at, bytes: more }: Harm): Uint8Array {
  const begin = bytes.length === 0 ? 0 : at % bytes.length;
  switch (op) {
    case 'cut':
      return bytes.subarray(0, begin);
    case 'flip': {
      const flipped = Uint8Array.from(bytes);
      flipped[begin] ^= more[0] || 1;
      return flipped;
    }
    case 'insert':
      return Buffer.concat([bytes.subarray(0, begin), more, bytes.subarray(begin)]);
    case 'append':
      return Buffer.concat([bytes, more]);
    case 'only':
      return more;
    default:
      return bytes;
  }
}

function changedBy(message: unknown, change: Change): unknown {
  const [changed] = changedAt(message, change.at % placesIn(message), change);
  return changed;
}

/** The value and everything within it. */
function placesIn(value: unknown): number {
  if (!isNest(value)) return 1;
  return Object.values(value).reduce((sum: number, part) => sum + placesIn(part), 1);
}

function isNest(value: unknown): value is object {
  const leaf = value instanceof Raw || value instanceof Pairs || value instanceof Uint8Array;
  return typeof value === 'object' && value !== null && !leaf;
}

/** @returns what stands there afterwards: nothing, one value, or two */
function changedAt(value: unknown, place: number, change: Change): unknown[] {
  if (place === 0) return altered(value, change);
  const pairs = Object.entries(value as object);
  let left = place - 1;
  const i = pairs.findIndex(([, part]) => {
    const size = placesIn(part);
    if (left < size) return true;
    left -= size;
    return false;
  });
  const [key, part] = pairs[i];
  const changed = changedAt(part, left, change);
  if (Array.isArray(value)) return [value.toSpliced(i, 1, ...changed)];
  const name = left === 0 && change.op === 'rename' ? nameOf(change.junk) : key;
  return [map(pairs.toSpliced(i, 1, ...changed.map((part): Pair => [name, part])))];
}

type Pair = [key: string, value: unknown];

/** Unlike an assignment it makes an own key of `__proto__`. */
function map(pairs: readonly Pair[]): object {
  const distinct = new Set(pairs.map(([key]) => key)).size === pairs.length;
  return distinct ? Object.fromEntries(pairs) : new Pairs(pairs);
}

function altered(value: unknown, { op, junk }: Change): unknown[] {
  switch (op) {
    case 'replace':
      return [junk];
    case 'remove':
      return [];
    case 'repeat':
      return [value, value];
    case 'wrap':
      return [[value]];
    case 'add':
      if (Array.isArray(value)) return [[...value, junk]];
      return isNest(value) ? [map([...Object.entries(value), [nameOf(junk), junk]])] : [junk];
    case 'rename':
      return [value];
  }
}

function nameOf(junk: unknown): string {
  return typeof junk === 'string' ? junk : 'surplus';
}
