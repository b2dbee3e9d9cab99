import { z } from 'zod';
import type { Rng } from '../../kernels/index.ts';
import { describe } from '../common/describe.ts';
import type { Row } from '../contract/row.ts';
import type { ActionMask, Space } from '../contract/space.ts';
import type { SpaceJson } from '../contract/space-json.ts';
import { drawParts } from './draw-parts.ts';
import { checkParts } from './is-space.ts';
import { type MaskedBy, readMaskedBy } from './masked-by.ts';
import { explainBy } from './schema.ts';

/**
 * Arrays of a fixed length, each entry in a space of its own (gymnasium.spaces.Tuple). As the space of actions it is chosen
 * entry after entry; each choice sees those before it.
 */
export class Tuple<T extends readonly unknown[] = unknown[]> implements Space<T> {
  readonly type = 'tuple';
  readonly size: number;
  /** The space of each entry. */
  readonly spaces: readonly Space[];
  /** For an entry whose mask has a row for each choice of another entry: that other entry, by index. */
  readonly maskedBy: ReadonlyMap<number, number>;
  #schema?: z.ZodType<T>;

  /**
   * Makes a space.
   * @param options `maskedBy`: for a Discrete or MultiDiscrete entry, the index of the Discrete entry before it whose choice
   *   selects the row of its mask; default: each entry's mask is one row
   * @throws TypeError for a part that is no space, RangeError for a wrong `maskedBy`
   */
  constructor(
    spaces: readonly [...{ [K in keyof T]: Space<T[K]> }],
    options: MaskedBy<number> = {},
  ) {
    if (!Array.isArray(spaces)) {
      throw new TypeError(`Tuple: expected an array of spaces, got ${describe(spaces)}`);
    }
    checkParts('Tuple', spaces.entries());
    this.spaces = [...spaces] as Space[];
    this.maskedBy = readMaskedBy('Tuple', [...this.spaces.entries()], options);
    this.size = this.spaces.reduce((sum, space) => sum + space.size, 0);
  }

  get schema(): z.ZodType<T> {
    this.#schema ??= z.tuple(this.spaces.map((space) => space.schema) as [], {
      error: ({ input }) => `expected an array of ${this.spaces.length}, got ${describe(input)}`,
    }) as unknown as z.ZodType<T>;
    return this.#schema;
  }

  contains(value: unknown): value is T {
    if (!Array.isArray(value) || value.length !== this.spaces.length) return false;
    for (let i = 0; i < value.length; i++) if (!this.spaces[i].contains(value[i])) return false;
    return true;
  }

  explain(value: unknown): string | undefined {
    return this.contains(value) ? undefined : explainBy(this.schema, value);
  }

  /** Draws each entry by its own space, from the choices that the mask allows. */
  sample(rng: Rng, mask?: ActionMask): T {
    return [...drawParts(this, rng, mask).values()] as unknown as T;
  }

  write(value: T, row: Row, offset = 0): void {
    this.spaces.forEach((space, i) => {
      space.write(value[i], row, offset);
      offset += space.size;
    });
  }

  read(row: ArrayLike<number>, offset = 0): T {
    return this.spaces.map((space) => {
      const value = space.read(row, offset);
      offset += space.size;
      return value;
    }) as unknown as T;
  }

  toJSON(): SpaceJson {
    const spaces = this.spaces.map((space) => space.toJSON());
    const maskedBy = Object.fromEntries(this.maskedBy);
    return { type: this.type, spaces, ...(this.maskedBy.size > 0 && { maskedBy }) };
  }
}
