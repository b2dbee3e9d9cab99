import { z } from 'zod';
import type { Rng } from '../../kernels/index.ts';
import { describe } from '../common/describe.ts';
import type { ActionMask, Space } from '../contract/space.ts';
import type { SpaceJson } from '../contract/space-json.ts';
import { checkParts } from './is-space.ts';
import { refuseMask } from './masks.ts';
import { explainBy } from './schema.ts';

/** The most entries of a `Sequence`, and whether their order matters. */
export interface SequenceOptions {
  /** The most entries. */
  maxLength: number;
  /** How a policy reads it: `sequence` (default), or `set`, where the order of the entries means nothing. */
  as?: 'sequence' | 'set';
}

/**
 * Arrays of any length up to a limit, all entries in one space (gymnasium.spaces.Sequence, which has no limit).
 *
 * ```ts
 * import { Box, Sequence } from 'pondera';
 *
 * const enemy = new Box({ shape: [4], low: -1, high: 1 });
 * const enemies = new Sequence(enemy, { maxLength: 10, as: 'set' });
 * console.log(enemies.contains([]), enemies.contains([[0.5, -0.5, 1, 0]]));
 * ```
 */
export class Sequence<T = unknown> implements Space<T[]> {
  readonly type = 'sequence';
  readonly size: number;
  /** The space of each entry. */
  readonly space: Space<T>;
  /** The most entries. */
  readonly maxLength: number;
  /** How a policy reads it. */
  readonly as: 'sequence' | 'set';
  #schema?: z.ZodType<T[]>;

  /**
   * Makes a space.
   * @throws TypeError for entries of no space, RangeError for a wrong length or reading
   */
  constructor(space: Space<T>, options: SequenceOptions) {
    checkParts('Sequence', [['the entries', space]]);
    const { maxLength, as = 'sequence' } = options ?? {};
    if (!Number.isSafeInteger(maxLength) || maxLength < 1) {
      const got = describe(maxLength);
      throw new RangeError(`Sequence: expected maxLength to be a positive integer, got ${got}`);
    }
    if (as !== 'sequence' && as !== 'set') {
      throw new RangeError(`Sequence: expected as to be sequence or set, got ${describe(as)}`);
    }
    this.space = space;
    this.maxLength = maxLength;
    this.as = as;
    this.size = 1 + maxLength * space.size;
  }

  get schema(): z.ZodType<T[]> {
    this.#schema ??= z
      .array(this.space.schema, { error: ({ input }) => this.#wrong(input) })
      .refine((entries) => entries.length <= this.maxLength, {
        error: ({ input }) => this.#wrong(input),
        abort: true,
      });
    return this.#schema;
  }

  #wrong(value: unknown): string {
    return `expected an array of at most ${this.maxLength}, got ${describe(value)}`;
  }

  contains(value: unknown): value is T[] {
    if (!Array.isArray(value) || value.length > this.maxLength) return false;
    return value.every((entry) => this.space.contains(entry));
  }

  explain(value: unknown): string | undefined {
    return this.contains(value) ? undefined : explainBy(this.schema, value);
  }

  /** Draws a uniform length, and entries by their space. It takes no mask. */
  sample(rng: Rng, mask?: ActionMask): T[] {
    refuseMask('Sequence', mask);
    return Array.from({ length: rng.int(this.maxLength + 1) }, () => this.space.sample(rng));
  }

  write(value: T[], row: Float32Array, offset = 0): void {
    row.fill(0, offset, offset + this.size);
    row[offset] = value.length;
    value.forEach((entry, i) => {
      this.space.write(entry, row, offset + 1 + i * this.space.size);
    });
  }

  read(row: ArrayLike<number>, offset = 0): T[] {
    const at = (i: number) => offset + 1 + i * this.space.size;
    return Array.from({ length: row[offset] }, (_, i) => this.space.read(row, at(i)));
  }

  toJSON(): SpaceJson {
    const { type, space, maxLength, as } = this;
    return { type, space: space.toJSON(), maxLength, as };
  }
}
