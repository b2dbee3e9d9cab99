import type { Row } from '../../envs/index.ts';
import type { Ranges } from '../../kernels/index.ts';
import type { EntryFeatures } from './entry-features.ts';
import { addEntries, type MemoryEntry, type Past } from './memory-entry.ts';
import { entriesNeeded, type MemorySizes } from './memory-sizes.ts';

/** Entries in arrays, as a policy reads them. */
export interface PackedEntries {
  /** Flat observations [M, observationSize]. */
  rows: Float32Array;
  /** What is known of each beside its observation [M, F]. */
  features: Float32Array;
  /** The rows of a table that each attends to, and a decision about it: those up to its own [M]. */
  ranges: Ranges;
}

/** Decisions with all entries that they depend on, each entry once. */
export interface PackedPasts extends PackedEntries {
  /** The entry of each decision's own observation [B]. */
  own: Int32Array;
}

/** The past of an observation with which an episode begins. @param earlier flat observations before it, such as a prompt */
export function firstMoment(row: Row, earlier: readonly Row[] = []): Past {
  const entries: MemoryEntry[] = [];
  addEntries(entries, [...earlier, row], undefined);
  return { entries, end: entries.length };
}

/** The past of an observation; where none is given, an episode begins with it. */
export function pastOf({ row, past = firstMoment(row) }: { row: Row; past?: Past }): Past {
  return past;
}

/** The past of an observation that comes after an action about another. @param past of the other */
export function nextMoment(
  { entries, end, of }: Past,
  sizes: MemorySizes,
  next: { row: Row; earlier?: readonly Row[]; action: Float32Array; reward: number },
): Past {
  const past = entries.slice(Math.max(0, end - entriesNeeded(sizes)), end);
  addEntries(past, [...(next.earlier ?? []), next.row], next);
  return { entries: past, end: past.length, of };
}

/** Packs entries. @param ranges as of `PackedEntries` */
export function packEntries(
  entries: readonly MemoryEntry[],
  features: EntryFeatures,
  ranges: Ranges,
): PackedEntries {
  const size = entries[0].row.length;
  const rows = new Float32Array(entries.length * size);
  const beside = new Float32Array(entries.length * features.size);
  entries.forEach((entry, i) => {
    rows.set(entry.row, i * size);
    features.write(entry, beside, i * features.size);
  });
  return { rows, features: beside, ranges };
}

/** Packs decisions; those whose entries are in one list share them. */
export function packPasts(
  pasts: readonly Past[],
  features: EntryFeatures,
  sizes: MemorySizes,
): PackedPasts {
  const { length } = sizes;
  const lists = new Map<readonly MemoryEntry[], { from: number; to: number; offset: number }[]>();
  for (const { entries, end } of pasts) {
    // Not beyond the beginning of its episode.
    const needed = Math.min(entriesNeeded(sizes), entries[end - 1].age + 1, end);
    const span = { from: end - needed, to: end, offset: 0 };
    const spans = lists.get(entries);
    if (spans) spans.push(span);
    else lists.set(entries, [span]);
  }
  const all: MemoryEntry[] = [];
  const begin: number[] = [];
  for (const [entries, spans] of lists) {
    const joined = union(spans);
    lists.set(entries, joined);
    for (const span of joined) {
      span.offset = all.length - span.from;
      for (let i = span.from; i < span.to; i++) {
        all.push(entries[i]);
        const seen = Math.min(length, entries[i].age + 1, i + 1 - span.from);
        begin.push(span.offset + i + 1 - seen);
      }
    }
  }
  const ranges = {
    begin: Int32Array.from(begin),
    end: Int32Array.from(all, (_, i) => i + 1),
  };
  const own = Int32Array.from(pasts, ({ entries, end }) => {
    const span = lists.get(entries)!.find(({ from, to }) => from < end && end <= to)!;
    return span.offset + end - 1;
  });
  return { ...packEntries(all, features, ranges), own };
}

/** Joins spans that overlap or touch. */
function union<Span extends { from: number; to: number }>(spans: Span[]): Span[] {
  const joined: Span[] = [];
  for (const span of spans.sort((a, b) => a.from - b.from)) {
    const last = joined.at(-1);
    if (last && span.from <= last.to) last.to = Math.max(last.to, span.to);
    else joined.push(span);
  }
  return joined;
}
