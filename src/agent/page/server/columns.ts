import { decimate, type Merge } from './decimate.ts';

/** Columns that can be an x axis; all others are series over them. */
export const AXES = ['update', 'envSteps', 'elapsed'] as const;
/** Counts of decisions by ponder steps: `histogram.1`, `histogram.2`, … */
export const HISTOGRAM = 'histogram.';

export type Row = ReadonlyMap<string, number>;

/**
 * A growing table of numbers with named columns, NaN where a row lacks a number. It holds at most `maxRows` rows of at most
 * `MAX_COLUMNS` columns, 4 bytes a number (8 in an axis). A full table is thinned to half of its rows.
 */
export class Columns {
  readonly #maxRows: number;
  readonly #columns = new Map<string, Float32Array | Float64Array>();
  #capacity = 256;
  #length = 0;
  #thinned = 0;

  constructor(maxRows = MAX_ROWS) {
    this.#maxRows = maxRows;
    for (const axis of AXES) this.#columns.set(axis, new Float64Array(this.#capacity));
  }

  get length(): number {
    return this.#length;
  }

  /** How often the table was thinned; each time, rows get new indices. */
  get thinned(): number {
    return this.#thinned;
  }

  get names(): string[] {
    return [...this.#columns.keys()];
  }

  /** The numbers of a column, one a row; undefined if no row had this column. */
  column(name: string): Float32Array | Float64Array | undefined {
    return this.#columns.get(name)?.subarray(0, this.#length);
  }

  append(row: Row): void {
    if (this.#length === this.#maxRows) this.#thin();
    if (this.#length === this.#capacity) this.#grow();
    for (const name of row.keys()) {
      if (this.#columns.has(name) || this.#columns.size >= MAX_COLUMNS) continue;
      this.#columns.set(name, new Float32Array(this.#capacity).fill(Number.NaN));
    }
    for (const [name, column] of this.#columns) {
      column[this.#length] = row.get(name) ?? Number.NaN;
    }
    this.#length++;
  }

  #grow(): void {
    this.#capacity = Math.min(2 * this.#capacity, this.#maxRows);
    for (const [name, column] of this.#columns) {
      const larger =
        column instanceof Float64Array
          ? new Float64Array(this.#capacity)
          : new Float32Array(this.#capacity);
      larger.set(column);
      this.#columns.set(name, larger.fill(Number.NaN, column.length));
    }
  }

  #thin(): void {
    for (const [name, column] of this.#columns) {
      const half = decimate(column, 0, this.#length, 4, mergeOf(name));
      column.set(half);
      column.fill(Number.NaN, half.length);
    }
    this.#length = Math.ceil(this.#length / 2);
    this.#thinned++;
  }
}

/** How thinning merges the rows of a column. */
export function mergeOf(name: string): Merge {
  if ((AXES as readonly string[]).includes(name)) return 'ends';
  return name.startsWith(HISTOGRAM) || SPENT.includes(name) ? 'sum' : 'extremes';
}

/** Columns of seconds by phase, which thinning adds up. */
const SPENT = [
  'seconds',
  'environment',
  'inference',
  'learning',
  'evaluation',
  'checkpoint',
  'other',
];

const MAX_ROWS = 2 ** 17;
const MAX_COLUMNS = 192;
