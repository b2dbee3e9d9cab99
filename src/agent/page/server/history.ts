import { AXES, type Columns, mergeOf } from './columns.ts';
import { bucketSize, decimate, decimatedLength } from './decimate.ts';
import type { HistoryHead, HistoryRequest } from './page-messages.ts';
import type { RunRecord } from './run-record.ts';

export interface HistoryQuery extends HistoryRequest {
  /** Columns beside the axes. A name that ends in a dot is a prefix. */
  names: readonly string[];
}

/**
 * Encodes some columns of a run, thinned: the length of the head as a little-endian u32, the head (a HistoryHead as JSON,
 * padded with spaces so that the numbers begin at a multiple of 8), then the numbers of each column as little-endian f64.
 */
export function encodeHistory({ columns, epoch }: RunRecord, query: HistoryQuery): Uint8Array {
  const [begin, end] = rowsBetween(columns, query);
  const size = bucketSize(end - begin, query.points);
  const names = columns.names.filter((name) => [...AXES, ...query.names].some(matches(name)));
  const length = decimatedLength(end - begin, size);
  const head: HistoryHead = { epoch, rows: columns.length, bucket: size, names, length };
  const json = Buffer.from(JSON.stringify(head));
  const start = Math.ceil((4 + json.length) / 8) * 8;
  const bytes = new Uint8Array(start + names.length * length * 8).fill(0x20, 4, start);
  new DataView(bytes.buffer).setUint32(0, start - 4, true);
  bytes.set(json, 4);
  for (const [i, name] of names.entries()) {
    const thinned = decimate(columns.column(name)!, begin, end, size, mergeOf(name));
    bytes.set(new Uint8Array(thinned.buffer), start + i * length * 8);
  }
  return bytes;
}

const matches = (name: string) => (asked: string) =>
  asked.endsWith('.') ? name.startsWith(asked) : name === asked;

/** The rows between two places on an axis, with one more on either side, so that lines reach the edges of a chart. */
function rowsBetween(columns: Columns, { axis, from, to }: HistoryQuery): [number, number] {
  const places = columns.column(axis)!;
  const begin = from === undefined ? 0 : Math.max(0, firstAtLeast(places, from) - 1);
  const end =
    to === undefined ? places.length : Math.min(places.length, firstAtLeast(places, to) + 1);
  return [begin, Math.max(begin, end)];
}

/** The first index with at least this value, by binary search, since the values of an axis rise. */
function firstAtLeast(places: ArrayLike<number>, value: number): number {
  let [low, high] = [0, places.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (places[middle] < value) low = middle + 1;
    else high = middle;
  }
  return low;
}
