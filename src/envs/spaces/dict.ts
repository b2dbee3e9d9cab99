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
 * Plain objects with exactly these keys, each value in a space of its own (gymnasium.spaces.Dict).
 *
 * ```ts
 * import { Box, Dict, Discrete } from 'pondera';
 *
 * const space = new Dict({ speed: new Box({ shape: [1], low: 0, high: 9 }), gear: new Discrete(5) });
 * console.log(space.contains({ speed: [3], gear: 2 }));
 * ```
 *
 * As the space of actions it is chosen part after part, in the order of flat rows; each choice sees those before it.
 */
export class Dict<T extends Record<string, unknown> = Record<string, unknown>> implements Space<T> {
  readonly type = 'dict';
  readonly size: number;
  /** The spaces by key, in the order of flat rows. */
  readonly spaces: ReadonlyMap<string, Space>;
  /** For a part whose mask has a row for each choice of another part: that other part. */
  readonly maskedBy: ReadonlyMap<string, string>;
  #schema?: z.ZodType<T>;

  /**
   * Makes a space.
   *
   * ```ts
   * import { Box, Dict, Discrete } from 'pondera';
   *
   * // Which targets are allowed depends on the unit: the mask of `target` is [4 units × 9 targets].
   * const parts = { unit: new Discrete(4), target: new Discrete(9), power: new Box({ shape: [1], low: 0, high: 1 }) };
   * const actions = new Dict(parts, { maskedBy: { target: 'unit' } });
   * console.log(actions.toJSON());
   * ```
   *
   * @param spaces an object of spaces, which flat rows hold in the order of the sorted keys (with `maskedBy`, in the
   *   order given); or a list of pairs, whose order they keep
   * @param options `maskedBy`: for a Discrete or MultiDiscrete part, the Discrete part before it whose choice selects the
   *   row of its mask; default: each part's mask is one row
   * @throws TypeError for a part that is no space, RangeError for a key that comes twice, or a wrong `maskedBy`
   */
  constructor(
    spaces: { [K in keyof T]: Space<T[K]> } | readonly (readonly [string, Space])[],
    options: MaskedBy<Extract<keyof T, string>> = {},
  ) {
    if (typeof spaces !== 'object' || spaces === null) {
      throw new TypeError(`Dict: expected an object of spaces, got ${describe(spaces)}`);
    }
    const entries: (readonly [string, Space])[] = Array.isArray(spaces)
      ? [...spaces]
      : Object.entries(spaces as Record<string, Space>);
    if (!Array.isArray(spaces) && options.maskedBy === undefined) {
      entries.sort(([a], [b]) => (a < b ? -1 : 1));
    }
    this.spaces = new Map(entries);
    if (this.spaces.size !== entries.length || this.spaces.has('__proto__')) {
      throw new RangeError(
        `Dict: expected distinct keys, none of them __proto__, got ${entries.map(([key]) => key)}`,
      );
    }
    checkParts('Dict', entries);
    this.maskedBy = readMaskedBy('Dict', entries, options);
    this.size = entries.reduce((sum, [, space]) => sum + space.size, 0);
  }

  get schema(): z.ZodType<T> {
    this.#schema ??= z.strictObject(
      Object.fromEntries(Array.from(this.spaces, ([key, space]) => [key, space.schema])),
      { error: ({ input }) => `expected ${this.#keys()}, got ${describe(input)}` },
    ) as unknown as z.ZodType<T>;
    return this.#schema;
  }

  #keys(): string {
    return this.spaces.size > 0
      ? `an object with the keys ${[...this.spaces.keys()].join(', ')}`
      : 'an object without keys';
  }

  contains(value: unknown): value is T {
    if (typeof value !== 'object' || value === null || Array.isArray(value)) return false;
    let keys = 0;
    for (const key in value) if (Object.hasOwn(value, key)) keys++;
    if (keys !== this.spaces.size) return false;
    for (const [key, space] of this.spaces) {
      if (!Object.hasOwn(value, key) || !space.contains((value as T)[key])) return false;
    }
    return true;
  }

  explain(value: unknown): string | undefined {
    return this.contains(value) ? undefined : explainBy(this.schema, value);
  }

  /** Draws each part by its own space, from the choices that the mask allows. */
  sample(rng: Rng, mask?: ActionMask): T {
    return Object.fromEntries(drawParts(this, rng, mask)) as T;
  }

  write(value: T, row: Row, offset = 0): void {
    for (const [key, space] of this.spaces) {
      space.write(value[key], row, offset);
      offset += space.size;
    }
  }

  read(row: ArrayLike<number>, offset = 0): T {
    return this.#build((space) => {
      const value = space.read(row, offset);
      offset += space.size;
      return value;
    });
  }

  #build(part: (space: Space) => unknown): T {
    const entries = Array.from(this.spaces, ([key, space]) => [key, part(space)] as const);
    return Object.fromEntries(entries) as T;
  }

  toJSON(): SpaceJson {
    const spaces = Array.from(this.spaces, ([key, space]): [string, SpaceJson] => [
      key,
      space.toJSON(),
    ]);
    const maskedBy = Object.fromEntries(this.maskedBy);
    return { type: this.type, spaces, ...(this.maskedBy.size > 0 && { maskedBy }) };
  }
}
