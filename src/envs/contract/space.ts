import type { z } from 'zod';
import type { Rng } from '../../kernels/index.ts';
import type { Row } from './row.ts';
import type { SpaceJson } from './space-json.ts';

/**
 * The choices of a space that are allowed, 1 for each that is and 0 for the others, as a flat row. A Discrete has n
 * entries, a MultiDiscrete those of its components one after another, a Dict or Tuple those of its parts one after
 * another. A part that is `maskedBy` another has such a row for each choice of the other.
 */
export type MaskRow = ArrayLike<number>;

/**
 * The choices of a space that are allowed: a flat row; or for a Dict an object with the mask of each part, for a Tuple an
 * array of them. A part without a mask (absent, null) is free. The mask of a part that is `maskedBy` another may be an
 * array with a row for each choice of the other.
 */
export type ActionMask =
  | MaskRow
  | readonly (ActionMask | null | undefined)[]
  | { readonly [part: string]: ActionMask | null | undefined };

/**
 * The set of values of an observation or an action (Gymnasium's spaces).
 *
 * Every value has a flat form too, a row of `size` float32 numbers, for batches, trajectories and policies: the entries
 * of Box, MultiDiscrete and MultiBinary in C order; the number of a Discrete; the length of a Text, then the indices of
 * its characters, padded with 0; the parts of Dict and Tuple in order; the length of a Sequence, then its entries, padded
 * with 0; the nodes, edges and links of a Graph, as Sequences.
 */
export interface Space<T = unknown> {
  /** The kind of space. */
  readonly type: SpaceJson['type'];
  /** Numbers in a value's flat row. */
  readonly size: number;
  /** A zod schema that validates a value and says what is wrong with it. */
  readonly schema: z.ZodType<T>;
  /** Whether a value belongs to the space. */
  contains(value: unknown): value is T;
  /** Says why `contains` is false, in one clause (`expected …, got …`); undefined where it is true. */
  explain(value: unknown): string | undefined;
  /**
   * Draws a value.
   * @param mask the choices that are allowed, 1 for each that is
   * @throws Error for a mask that does not fit the space
   */
  sample(rng: Rng, mask?: ActionMask): T;
  /**
   * Writes the flat row of a value that the space contains.
   * @param row receives `size` numbers from `offset` on; bytes only where the space has no other parts than a Box of uint8
   */
  write(value: T, row: Row, offset?: number): void;
  /** Reads a value from its flat row. */
  read(row: ArrayLike<number>, offset?: number): T;
  /** The space as plain JSON; `spaceFromJson` makes a space of it again. */
  toJSON(): SpaceJson;
}
