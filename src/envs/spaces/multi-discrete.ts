import type { z } from 'zod';
import type { Rng } from '../../kernels/index.ts';
import { describe } from '../common/describe.ts';
import type { ActionMask, Space } from '../contract/space.ts';
import type { ReadAs, SpaceJson } from '../contract/space-json.ts';
import { entriesOf, explainForm, indexIn, isArrayLike, sizeOf } from './array-value.ts';
import { checkRange, chooseAllowed } from './discrete.ts';
import { checkMask } from './masks.ts';
import { checkReadAs } from './read-as.ts';
import { leafSchema } from './schema.ts';

/**
 * Arrays of whole numbers (gymnasium.spaces.MultiDiscrete): entry i is in start[i]..start[i]+nvec[i]-1. A value is an
 * Int32Array, flat in C order.
 */
export class MultiDiscrete implements Space<Int32Array> {
  readonly type = 'multi-discrete';
  /** The number type. */
  readonly dtype = 'int32';
  /** The extents. */
  readonly shape: readonly number[];
  readonly size: number;
  /** Number of values of each entry [size]. */
  readonly nvec: Int32Array;
  /** The lowest value of each entry [size]. */
  readonly start: Int32Array;
  /** How a policy reads it; undefined where the shape decides. */
  readonly as: ReadAs | undefined;
  #schema?: z.ZodType<Int32Array>;
  readonly #maskLength: number;

  /**
   * Makes a space.
   * @param nvec number of values of each entry
   * @param options the extents, default `[nvec.length]`; the lowest values, default 0; and how a policy reads it, by
   *   default as the shape suggests (docs/environments.md)
   * @throws RangeError where lengths or the reading do not fit the shape, or a value leaves ±2²⁴, which float32 holds
   *   exactly
   */
  constructor(
    nvec: ArrayLike<number>,
    options: { shape?: readonly number[]; start?: ArrayLike<number>; as?: ReadAs } = {},
  ) {
    if (!isArrayLike(nvec)) {
      throw new RangeError(
        `MultiDiscrete: expected nvec to be an array of positive integers, got ${describe(nvec)}`,
      );
    }
    const { shape = [nvec.length], start = new Int32Array(nvec.length), as } = options;
    this.size = sizeOf(shape, 'MultiDiscrete');
    this.shape = [...shape];
    checkReadAs('MultiDiscrete', as, shape);
    this.as = as;
    for (const [name, array] of Object.entries({ nvec, start })) {
      if (array.length === this.size) continue;
      const expected = `${this.size} entries of ${name} for shape [${shape}]`;
      throw new RangeError(`MultiDiscrete: expected ${expected}, got ${describe(array)}`);
    }
    for (let i = 0; i < this.size; i++) {
      checkRange(`MultiDiscrete, entry ${indexIn(shape, i)}`, nvec[i], start[i]);
    }
    this.nvec = Int32Array.from(nvec);
    this.start = Int32Array.from(start);
    this.#maskLength = this.nvec.reduce((sum, n) => sum + n, 0);
  }

  get schema(): z.ZodType<Int32Array> {
    this.#schema ??= leafSchema(
      (value) => this.explain(value),
      (value) => Int32Array.from(entriesOf(value, this)!),
    );
    return this.#schema;
  }

  contains(value: unknown): value is Int32Array {
    const entries = entriesOf(value, this);
    return entries !== undefined && this.#firstOutside(entries) < 0;
  }

  explain(value: unknown): string | undefined {
    const entries = entriesOf(value, this);
    if (!entries) return explainForm(value, this);
    const i = this.#firstOutside(entries);
    if (i < 0) return undefined;
    const range = `${this.start[i]}..${this.start[i] + this.nvec[i] - 1}`;
    return `expected entry ${indexIn(this.shape, i)} in ${range}, got ${entries[i]}`;
  }

  #firstOutside(entries: ArrayLike<number>): number {
    const { size, start, nvec } = this;
    for (let i = 0; i < size; i++) {
      if (entries[i] < start[i] || entries[i] >= start[i] + nvec[i]) return i;
    }
    return -1;
  }

  /** Draws each entry uniformly from the values that its part of the mask allows; its start where that allows none. */
  sample(rng: Rng, mask?: ActionMask): Int32Array<ArrayBuffer> {
    if (mask) checkMask('MultiDiscrete', mask, this.#maskLength);
    let from = 0;
    return this.nvec.map((n, i) => {
      const value = this.start[i] + chooseAllowed(rng, n, mask, from);
      from += n;
      return value;
    });
  }

  write(value: Int32Array, row: Float32Array, offset = 0): void {
    row.set(entriesOf(value, this)!, offset);
  }

  read(row: ArrayLike<number>, offset = 0): Int32Array {
    return Int32Array.from({ length: this.size }, (_, i) => row[offset + i]);
  }

  toJSON(): SpaceJson {
    const { type, shape, nvec, start, as } = this;
    const values = { nvec: Array.from(nvec), start: Array.from(start) };
    return { type, shape: [...shape], ...values, ...(as && { as }) };
  }
}
