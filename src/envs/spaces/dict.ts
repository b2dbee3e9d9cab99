import { z } from 'zod';
import type { Rng } from '../../kernels/index.ts';
import { describe } from '../common/describe.ts';
import type { ActionMask, Space } from '../contract/space.ts';
import type { SpaceJson } from '../contract/space-json.ts';
import { checkParts } from './is-space.ts';
import { refuseMask } from './masks.ts';
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
 */
export class Dict<T extends Record<string, unknown> = Record<string, unknown>> implements Space<T> {
  readonly type = 'dict';
  readonly size: number;
  /** The spaces by key, in the order of flat rows. */
  readonly spaces: ReadonlyMap<string, Space>;
  #schema?: z.ZodType<T>;

  /**
   * Makes a space.
   * @param spaces an object of spaces, which flat rows hold in the order of the sorted keys; or a list of pairs, whose
   *   order they keep
   * @throws TypeError for a part that is no space, RangeError for a key that comes twice
   */
  constructor(spaces: { [K in keyof T]: Space<T[K]> } | readonly (readonly [string, Space])[]) {
    if (typeof spaces !== 'object' || spaces === null) {
      throw new TypeError(`Dict: expected an object of spaces, got ${describe(spaces)}`);
    }
    const entries: readonly (readonly [string, Space])[] = Array.isArray(spaces)
      ? spaces
      : Object.entries(spaces as Record<string, Space>).sort(([a], [b]) => (a < b ? -1 : 1));
    this.spaces = new Map(entries);
    if (this.spaces.size !== entries.length || this.spaces.has('__proto__')) {
      throw new RangeError(
        `Dict: expected distinct keys, none of them __proto__, got ${entries.map(([key]) => key)}`,
      );
    }
    checkParts('Dict', entries);
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

  /** Draws each part by its own space. It takes no mask. */
  sample(rng: Rng, mask?: ActionMask): T {
    refuseMask('Dict', mask);
    return this.#build((space) => space.sample(rng));
  }

  write(value: T, row: Float32Array, offset = 0): void {
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
    return { type: this.type, spaces };
  }
}
