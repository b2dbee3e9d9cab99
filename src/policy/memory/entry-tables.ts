import * as tf from '@tensorflow/tfjs-core';
import { gatherRows, writeRows } from '../../kernels/ops/index.ts';
import type { EntryFeatures } from './entry-features.ts';
import type { MemoryEntry, Past } from './memory-entry.ts';
import { entriesNeeded, type MemorySizes } from './memory-sizes.ts';
import { type PackedPasts, packEntries } from './pack-pasts.ts';

/** Memory that the tables may take while nobody thinks, in bytes. */
const MOST_BYTES = 2 ** 28;

/** The rows of a history in the tables. */
interface Region {
  /** The first of its rows. */
  base: number;
  /** The entries of its rows so far. */
  entries: MemoryEntry[];
  /** The age of the first entry from which they were computed one after another: what older ones say is not in them. */
  since: number;
  /** Whether a thought attends to it. */
  live: boolean;
  /** Whether it goes when that thought ends. */
  dropped: boolean;
}

/**
 * Keys and values of entries, computed once for each while histories grow: a decision adds a row to each table, and attends to
 * a range of it. They depend on the weights, so `clear` or `retire` drops them where these change. What was dropped is computed
 * again from its history.
 *
 * Several deciders may share them: a row stays where it is while a thought attends to it. Tensors of tables are replaced as
 * these grow, so a thought takes them anew (`from`) at each step.
 */
export class EntryTables {
  readonly #features: EntryFeatures;
  readonly #sizes: MemorySizes;
  readonly #mostBytes: number;
  /** Rows of a region. */
  readonly #room: number;
  /** By `Past.of`, or by the past itself where nobody continues it; the latest used is the last. */
  readonly #regions = new Map<object, Region>();
  /** The first rows of regions that are free. */
  readonly #free: number[] = [];
  /** Regions that the tables have room for, or will have. */
  #count = 0;
  #tables: tf.Tensor[] = [];
  /** The places of the new rows in the tables. */
  #at = new Int32Array(0);
  #retired = false;
  #computed = 0;

  /** @param mostBytes memory that the tables may take while nobody thinks; default: 256 MiB */
  constructor(
    { features, sizes }: { features: EntryFeatures; sizes: MemorySizes },
    mostBytes = MOST_BYTES,
  ) {
    this.#features = features;
    this.#sizes = sizes;
    this.#mostBytes = mostBytes;
    this.#room = entriesNeeded(sizes) + sizes.length;
  }

  /** Entries computed so far, those that were computed again counted again. */
  get computed(): number {
    return this.#computed;
  }

  /** The tables from the index `first` on. */
  from(first: number): tf.Tensor[] {
    return this.#tables.slice(first);
  }

  /**
   * Makes room for what is new in some histories, and packs it. The caller hands it to the policy, with `keep`, before anything
   * else is asked of the tables; then each history is live until `release`.
   * @throws Error where a thought attends to one of them already; then nothing changes
   */
  admit(pasts: readonly Past[]): PackedPasts {
    const keys = new Set(pasts.map(keyOf));
    if (keys.size < pasts.length || [...keys].some((key) => this.#regions.get(key)?.live)) {
      throw new Error('EntryTables: expected one thought about a history at a time, got another');
    }
    this.#evict(keys);
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
    this.#computed += fresh.length;
    this.#at = Int32Array.from(at);
    const ranges = { begin: Int32Array.from(begin), end: Int32Array.from(end) };
    return { ...packEntries(fresh, this.#features, ranges), own: Int32Array.from(own) };
  }

  /** Puts new rows into a table, as `Policy.begin` wants it. */
  keep = (index: number, rows: tf.Tensor): tf.Tensor => {
    const before = this.#tables[index] as tf.Tensor | undefined;
    const ample = before !== undefined && this.#count * this.#room <= before.shape[0];
    const table = ample
      ? writeRows(before, this.#at, rows)
      : tf.tidy(() => writeRows(this.#grown(before, rows.shape[1]!), this.#at, rows));
    before?.dispose();
    this.#tables[index] = tf.keep(table);
    return table;
  };

  /** Says that no thought attends to a history any more. */
  release(past: Past): void {
    const region = this.#regions.get(keyOf(past));
    if (region === undefined) return;
    region.live = false;
    if (region.dropped) this.drop(keyOf(past));
    if (this.#retired) this.retire();
  }

  /** Drops a history, by its `Past.of`: at once, or when the thought that attends to it ends. */
  drop(of: object): void {
    const region = this.#regions.get(of);
    if (region === undefined) return;
    region.dropped = true;
    if (region.live) return;
    this.#regions.delete(of);
    this.#free.push(region.base);
  }

  /** Drops everything. */
  clear(): void {
    tf.dispose(this.#tables);
    this.#tables = [];
    this.#regions.clear();
    this.#free.length = this.#count = 0;
  }

  /** Drops everything as soon as no thought attends to it: nobody begins another with it. */
  retire(): void {
    this.#retired = true;
    for (const { live } of this.#regions.values()) if (live) return;
    this.clear();
  }

  /** A table with room for all regions. It grows by doubling, so that growing region by region costs little. */
  #grown(before: tf.Tensor | undefined, width: number): tf.Tensor {
    const [rows, needed] = [before?.shape[0] ?? 0, this.#count * this.#room];
    const ample = Math.min(2 * rows, this.#most * this.#room);
    const more = tf.zeros([Math.max(needed, ample) - rows, width]);
    return before ? tf.concat([before, more], 0) : more;
  }

  /** The regions that fit into the memory. */
  get #most(): number {
    const bytes = this.#tables.reduce((sum, { shape }) => sum + 4 * shape[1]! * this.#room, 0);
    return bytes === 0 ? Infinity : Math.floor(this.#mostBytes / bytes);
  }

  /** The region of a history, which becomes its latest. */
  #regionOf(past: Past): Region {
    const key = keyOf(past);
    const region = this.#regions.get(key) ?? this.#newRegion(past);
    region.live = true;
    this.#regions.delete(key);
    this.#regions.set(key, region);
    return region;
  }

  #newRegion({ of }: Past): Region {
    const base = this.#free.pop() ?? this.#room * this.#count++;
    return { base, entries: [], since: 0, live: true, dropped: of === undefined };
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
    const since = age + 1 - needed;
    // Those of an observation that took the place of several may lack some that the latter had made up for.
    if (same < first || age - same > needed || region.since > since) {
      kept.length = 0;
      region.since = since;
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

  /** Frees the regions that were not used for longest, where there would be too many. @param coming histories that come */
  #evict(coming: ReadonlySet<object>): void {
    let fresh = 0;
    for (const key of coming) if (!this.#regions.has(key)) fresh++;
    let excess = this.#regions.size + fresh - this.#most;
    if (excess <= 0) return;
    for (const [key, { live }] of this.#regions) {
      if (live || coming.has(key)) continue;
      this.drop(key);
      if (--excess === 0) return;
    }
  }
}

function keyOf(past: Past): object {
  return past.of ?? past;
}
