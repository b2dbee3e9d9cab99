import type { z } from 'zod';
import type { Rng } from '../../kernels/index.ts';
import { describe } from '../common/describe.ts';
import type { Row } from '../contract/row.ts';
import type { ActionMask, Space } from '../contract/space.ts';
import type { Bound, DType, ReadAs, SpaceJson } from '../contract/space-json.ts';
import {
  type ArrayOf,
  checkDType,
  entriesOf,
  explainForm,
  indexIn,
  integerRange,
  isArrayLike,
  isArrayOf,
  sizeOf,
  zeros,
} from './array-value.ts';
import { refuseMask } from './masks.ts';
import { checkReadAs } from './read-as.ts';
import { leafSchema } from './schema.ts';

/** The shape and the bounds of a `Box`. */
export interface BoxOptions<D extends DType = DType> {
  /** The extents, such as `[84, 84, 3]`. */
  shape: readonly number[];
  /** The lowest values, one for all entries or one for each in C order; `-Infinity` for no bound (floats only). */
  low: number | ArrayLike<number>;
  /** The highest values, as `low`; `Infinity` for no bound. */
  high: number | ArrayLike<number>;
  /** The number type; default `float32`. */
  dtype?: D;
  /** How a policy reads it; by default the shape decides (docs/environments.md). */
  as?: ReadAs;
}

/**
 * Arrays of one shape, with closed bounds for each entry (gymnasium.spaces.Box).
 *
 * A value is a typed array of the dtype, flat in C order. The space also contains number arrays, flat or nested to the
 * shape, and typed arrays that cast without loss.
 *
 * ```ts
 * import { Box } from 'pondera';
 *
 * const position = new Box({ shape: [2], low: [-1, 0], high: [1, Infinity] });
 * const pixels = new Box({ shape: [8, 8, 3], low: 0, high: 255, dtype: 'uint8' });
 * console.log(position.contains([0.5, 3]), pixels.size);
 * ```
 */
export class Box<D extends DType = 'float32'> implements Space<ArrayOf<D>> {
  readonly type = 'box';
  /** The extents. */
  readonly shape: readonly number[];
  readonly size: number;
  /** The number type. */
  readonly dtype: D;
  /** The lowest value of each entry [size]. */
  readonly low: Float64Array;
  /** The highest value of each entry [size]. */
  readonly high: Float64Array;
  /** How a policy reads it; undefined where the shape decides. */
  readonly as: ReadAs | undefined;
  /** Whether the bounds are those of the dtype, an integer: then no entry is outside. */
  readonly #boundless: boolean;
  #schema?: z.ZodType<ArrayOf<D>>;

  /**
   * Makes a space.
   * @throws RangeError for a wrong shape or bound, such as a low above its high, or outside the dtype, and for a reading
   *   that does not fit the shape
   */
  constructor(options: BoxOptions<D>) {
    const { shape, low, high, dtype = 'float32' as D, as } = options ?? {};
    this.size = sizeOf(shape, 'Box');
    this.shape = [...shape];
    checkReadAs('Box', as, shape, { pictures: true });
    this.as = as;
    checkDType('Box', dtype);
    this.dtype = dtype;
    this.low = this.#bounds('low', low, Infinity);
    this.high = this.#bounds('high', high, -Infinity);
    const crossed = this.low.findIndex((bound, i) => bound > this.high[i]);
    if (crossed >= 0) {
      throw new RangeError(
        `Box: expected low ≤ high at ${indexIn(shape, crossed)}, ` +
          `got ${this.low[crossed]} and ${this.high[crossed]}`,
      );
    }
    const [least, most] = integerRange[dtype] ?? [];
    this.#boundless = this.low.every((x) => x === least) && this.high.every((x) => x === most);
  }

  #bounds(name: string, bound: number | ArrayLike<number>, impossible: number): Float64Array {
    if (typeof bound !== 'number' && !isArrayLike(bound)) {
      throw new RangeError(
        `Box: expected ${name} to be a number or an array of them, got ${describe(bound)}`,
      );
    }
    const given = typeof bound === 'number' ? [bound] : Array.from(bound);
    if (given.length !== this.size && typeof bound !== 'number') {
      throw new RangeError(
        `Box: expected one ${name} or ${this.size}, one for each entry, got ${describe(bound)}`,
      );
    }
    const range = integerRange[this.dtype];
    const bad = given.find((x) =>
      range
        ? !(Number.isInteger(x) && x >= range[0] && x <= range[1])
        : typeof x !== 'number' || Number.isNaN(x) || x === impossible,
    );
    if (bad !== undefined) {
      const expected = range
        ? `an integer in ${range[0]}..${range[1]}`
        : `a number, not ${impossible}`;
      throw new RangeError(`Box: expected ${name} of ${this.dtype} to be ${expected}, got ${bad}`);
    }
    // Bounds are rounded as the values are; + 0 because JSON has no -0.
    const rounded = given.map((x) => (this.dtype === 'float32' ? Math.fround(x) : x) + 0);
    return typeof bound === 'number'
      ? new Float64Array(this.size).fill(rounded[0])
      : Float64Array.from(rounded);
  }

  get schema(): z.ZodType<ArrayOf<D>> {
    this.#schema ??= leafSchema(
      (value) => this.explain(value),
      (value) => this.cast(value),
    );
    return this.#schema;
  }

  contains(value: unknown): value is ArrayOf<D> {
    const entries = entriesOf(value, this);
    return entries !== undefined && this.#firstOutside(entries) < 0;
  }

  explain(value: unknown): string | undefined {
    const entries = entriesOf(value, this);
    if (!entries) return explainForm(value, this);
    const i = this.#firstOutside(entries);
    if (i < 0) return undefined;
    const range = `${this.low[i]}..${this.high[i]}`;
    return `expected entry ${indexIn(this.shape, i)} in ${range}, got ${entries[i]}`;
  }

  #firstOutside(entries: ArrayLike<number>): number {
    const { size, low, high } = this;
    if (this.#boundless) return -1;
    for (let i = 0; i < size; i++) {
      // Written so that NaN is outside.
      if (!(entries[i] >= low[i] && entries[i] <= high[i])) return i;
    }
    return -1;
  }

  /**
   * A value as a typed array of the dtype; itself where it is one.
   * @throws TypeError for a value of another form
   */
  cast(value: unknown): ArrayOf<D> {
    const entries = entriesOf(value, this);
    if (!entries) throw new TypeError(`Box: ${explainForm(value, this)}`);
    if (isArrayOf(entries, this.dtype)) return entries;
    const cast = zeros(this.dtype, this.size);
    cast.set(entries);
    return cast;
  }

  /** Draws each entry: uniform between two bounds, exponential from one, normal without. It takes no mask. */
  sample(rng: Rng, mask?: ActionMask): ArrayOf<D, ArrayBuffer> {
    refuseMask('Box', mask);
    const value = zeros(this.dtype, this.size);
    for (let i = 0; i < this.size; i++) value[i] = this.#sampleEntry(i, rng);
    return value;
  }

  #sampleEntry(i: number, rng: Rng): number {
    const low = this.low[i];
    const high = this.high[i];
    if (integerRange[this.dtype]) return low + rng.int(high - low + 1);
    if (low === -Infinity && high === Infinity) return rng.normal();
    if (low === -Infinity) return high - rng.exponential();
    if (high === Infinity) return low + rng.exponential();
    const u = rng.float();
    return clamp(low * (1 - u) + high * u, low, high); // high - low may overflow
  }

  write(value: ArrayOf<D>, row: Row, offset = 0): void {
    row.set(this.cast(value), offset);
  }

  /** Reads a value from its flat row; it clips dtypes other than float32 to the bounds, since rounding may leave them. */
  read(row: ArrayLike<number>, offset = 0): ArrayOf<D> {
    const value = zeros(this.dtype, this.size);
    const exact = this.dtype === 'float32';
    for (let i = 0; i < this.size; i++) {
      const x = row[offset + i];
      value[i] = exact ? x : clamp(x, this.low[i], this.high[i]);
    }
    return value;
  }

  toJSON(): SpaceJson {
    const { type, shape, dtype, low, high, as } = this;
    const bounds = { low: boundJson(low), high: boundJson(high) };
    return { type, shape: [...shape], dtype, ...bounds, ...(as && { as }) };
  }
}

function clamp(x: number, low: number, high: number): number {
  return Math.min(Math.max(x, low), high);
}

function boundJson(bounds: Float64Array): Bound {
  const json = Array.from(bounds, (bound) => (Number.isFinite(bound) ? bound : null));
  return json.every((bound) => bound === json[0]) ? json[0] : json;
}
