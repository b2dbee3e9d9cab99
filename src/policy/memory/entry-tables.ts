import * as tf from '@tensorflow/tfjs-core';
import { gatherRows, writeRows } from '../../kernels/ops/index.ts';
import type { EntryFeatures } from './entry-features.ts';
import type { MemoryEntry, Past } from './memory-entry.ts';
import { entriesNeeded, type MemorySizes } from './memory-sizes.ts';
import { type PackedPasts, packEntries } from './pack-pasts.ts';

/** Memory that the tables may take while nobody thinks. */
const MOST_BYTES = 2 ** 28;

/** The rows of a history in the tables. */
interface Region {
  /** The first of its rows. */
  base: number;
  /** The entries of its rows so far. */
  entries: MemoryEntry[];
  /** Whether a thought attends to it. */
  live: boolean;
}

/**
 * Keys and values of entries, computed once for each while histories grow: a decision adds a row to each table, and attends to
 * a range of it. They depend on the weights, so `clear` drops them where these change. What was dropped is computed again
 * from its history.
 */
export class EntryTables {
  readonly #features: EntryFeatures;
  readonly #sizes: MemorySizes;
  /** Rows of a region. */
  readonly #room: number;
  readonly #regions = new Map<object, Region>();
  /** The first rows of regions that are free. */
  readonly #free: number[] = [];
  /** Regions that the tables have room for. */
  #count = 0;
  #tables: tf.Tensor[] = [];
  /** The places of the new rows in the tables. */
  #at = new Int32Array(0);

  constructor({ features, sizes }: { features: EntryFeatures; sizes: MemorySizes }) {
    this.#features = features;
    this.#sizes = sizes;
    this.#room = entriesNeeded(sizes) + sizes.length;
  }

  /** The tables from the index `first` on. */
  from(first: number): tf.Tensor[] {
    return this.#tables.slice(first);
  }

  /**
   * Makes room for what is new in some histories, and packs it. The caller hands it to the policy, with `keep`, before anything
   * else is asked of the tables; then each history is live until `release`.
   */
  admit(pasts: readonly Past[]): PackedPasts {
    this.#evict(pasts.length);
    const fresh: MemoryEntry[] = [];
    const [at, begin, end]: number[][] = [[], [], []];
    const own = pasts.map((past) => {
      const region = this.#regionOf(past);
      const added = this.#added(region, past);
      for (const entry of added) {
        const row = region.entries.push(entry);
        fresh.push(entry);
        at.push(region.base + row - 1);
        end.push(region.base + row);
        begin.push(region.base + row - Math.min(this.#sizes.length, entry.age + 1, row));
      }
      return fresh.length - 1;
    });
    this.#at = Int32Array.from(at);
    const ranges = { begin: Int32Array.from(begin), end: Int32Array.from(end) };
    return { ...packEntries(fresh, this.#features, ranges), own: Int32Array.from(own) };
  }

  /** Puts new rows into a table, as `Policy.begin` wants it. */
  keep = (index: number, rows: tf.Tensor): tf.Tensor => {
    const before = this.#tables[index] as tf.Tensor | undefined;
    const needed = this.#count * this.#room;
    const table = tf.keep(
      tf.tidy(() => {
        const lacking = needed - (before?.shape[0] ?? 0);
        const more = lacking > 0 ? [tf.zeros([lacking, rows.shape[1]!])] : [];
        const all = tf.concat([...(before ? [before] : []), ...more], 0);
        return writeRows(all, this.#at, rows);
      }),
    );
    before?.dispose();
    this.#tables[index] = table;
    return table;
  };

  /** Says that no thought attends to a history any more. */
  release({ of }: Past): void {
    const region = this.#regions.get(of);
    if (region) region.live = false;
  }

  /** Drops everything. */
  clear(): void {
    tf.dispose(this.#tables);
    this.#tables = [];
    this.#regions.clear();
    this.#free.length = this.#count = 0;
  }

  /** The region of a history, which becomes its latest. */
  #regionOf({ of }: Past): Region {
    const region = this.#regions.get(of) ?? { base: this.#take(), entries: [], live: true };
    if (region.live && region.entries.length > 0) {
      throw new Error('EntryTables: expected one thought about a history at a time, got another');
    }
    region.live = true;
    this.#regions.delete(of);
    this.#regions.set(of, region);
    return region;
  }

  /** The first row of a region that is free. */
  #take(): number {
    return this.#free.pop() ?? this.#room * this.#count++;
  }

  /** The entries of a past that its region lacks, at least its own; drops those that the past no longer has. */
  #added(region: Region, { entries, end }: Past): readonly MemoryEntry[] {
    const { age } = entries[end - 1];
    const kept = region.entries;
    const first = kept[0]?.age ?? 0;
    // Its own is computed again, since the thought wants its tokens.
    let same = Math.min(age - 1, first + kept.length - 1);
    while (same >= first && kept[same - first] !== entries[end - 1 - (age - same)]) same--;
    const needed = Math.min(entriesNeeded(this.#sizes), age + 1, end);
    if (same < first || age - same > needed) {
      kept.length = 0;
      return entries.slice(end - needed, end);
    }
    kept.length = same - first + 1;
    const added = entries.slice(end - (age - same), end);
    if (kept.length + added.length > this.#room) this.#shift(region);
    return added;
  }

  /** Moves the latest rows of a region to its begin, where new ones would not fit. */
  #shift(region: Region): void {
    const kept = Math.min(region.entries.length, this.#sizes.length - 1);
    const dropped = region.entries.length - kept;
    const { base } = region;
    region.entries = region.entries.slice(dropped);
    this.#tables = this.#tables.map((table) => {
      const moved = tf.tidy(() => {
        const rows = Int32Array.from({ length: kept }, (_, i) => base + dropped + i);
        const at = rows.map((_, i) => base + i);
        return tf.keep(writeRows(table, at, gatherRows(table, rows)));
      });
      table.dispose();
      return moved;
    });
  }

  /** Frees the regions that were not used for longest, where there are too many. @param more histories that come */
  #evict(more: number): void {
    const bytes = this.#tables.reduce((sum, { shape }) => sum + 4 * shape[1]! * this.#room, 0);
    let excess = (this.#regions.size + more) * bytes > MOST_BYTES ? more : 0;
    for (const [of, region] of this.#regions) {
      if (excess === 0) return;
      if (region.live) continue;
      this.#regions.delete(of);
      this.#free.push(region.base);
      excess--;
    }
  }
}
