import type { z } from 'zod';
import type { Rng } from '../../kernels/index.ts';
import type { ActionMask, Space } from '../contract/space.ts';
import type { ReadAs, SpaceJson } from '../contract/space-json.ts';
import { entriesOf, explainForm, indexIn, sizeOf } from './array-value.ts';
import { checkMask } from './masks.ts';
import { checkReadAs } from './read-as.ts';
import { leafSchema } from './schema.ts';

/** Arrays of zeros and ones (gymnasium.spaces.MultiBinary); a value is an Int8Array, flat in C order. */
export class MultiBinary implements Space<Int8Array> {
  readonly type = 'multi-binary';
  /** The number type. */
  readonly dtype = 'int8';
  /** The extents. */
  readonly shape: readonly number[];
  readonly size: number;
  /** How a policy reads it; undefined where the shape decides. */
  readonly as: ReadAs | undefined;
  #schema?: z.ZodType<Int8Array>;

  /**
   * Makes a space.
   * @param shape the extents, or the number of entries
   * @param options how a policy reads it, by default as the shape suggests (docs/environments.md)
   * @throws RangeError for a wrong shape, or a reading that does not fit it
   */
  constructor(shape: number | readonly number[], { as }: { as?: ReadAs } = {}) {
    const given = typeof shape === 'number' ? [shape] : shape;
    this.size = sizeOf(given, 'MultiBinary');
    this.shape = [...given];
    checkReadAs('MultiBinary', as, given);
    this.as = as;
  }

  get schema(): z.ZodType<Int8Array> {
    this.#schema ??= leafSchema(
      (value) => this.explain(value),
      (value) => Int8Array.from(entriesOf(value, this)!),
    );
    return this.#schema;
  }

  contains(value: unknown): value is Int8Array {
    const entries = entriesOf(value, this);
    return entries !== undefined && this.#firstOutside(entries) < 0;
  }

  explain(value: unknown): string | undefined {
    const entries = entriesOf(value, this);
    if (!entries) return explainForm(value, this);
    const i = this.#firstOutside(entries);
    if (i < 0) return undefined;
    return `expected entry ${indexIn(this.shape, i)} to be 0 or 1, got ${entries[i]}`;
  }

  #firstOutside(entries: ArrayLike<number>): number {
    for (let i = 0; i < this.size; i++) if (entries[i] !== 0 && entries[i] !== 1) return i;
    return -1;
  }

  /** Draws each entry as a fair coin; a mask forces an entry to 0 or 1, and leaves it to the coin where it is 2. */
  sample(rng: Rng, mask?: ActionMask): Int8Array<ArrayBuffer> {
    if (mask) checkMask('MultiBinary', mask, this.size, 2);
    return Int8Array.from({ length: this.size }, (_, i) => {
      const coin = rng.int(2);
      return mask && mask[i] !== 2 ? mask[i] : coin;
    });
  }

  write(value: Int8Array, row: Float32Array, offset = 0): void {
    row.set(entriesOf(value, this)!, offset);
  }

  read(row: ArrayLike<number>, offset = 0): Int8Array {
    return Int8Array.from({ length: this.size }, (_, i) => row[offset + i]);
  }

  toJSON(): SpaceJson {
    const { type, shape, as } = this;
    return { type, shape: [...shape], ...(as && { as }) };
  }
}
