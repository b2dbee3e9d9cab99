import type { z } from 'zod';
import type { Rng } from '../../kernels/index.ts';
import type { SpaceJson } from './space-json.ts';

/**
 * Which of a space's discrete choices may be taken: 1 = allowed, 0 = not.
 * Discrete: n entries; MultiDiscrete: its components' entries one after another.
 */
export type ActionMask = ArrayLike<number>;

/**
 * The set of values an observation or an action may take (Gymnasium's spaces).
 *
 * Every value also has one flat form, a row of `size` float32 numbers, which is what batches,
 * trajectories and policies hold: Box, MultiDiscrete and MultiBinary their entries in C order,
 * Discrete its number, Text its length and then its characters' indices (padded with 0), Dict and
 * Tuple their parts in order.
 */
export interface Space<T = unknown> {
  readonly type: SpaceJson['type'];
  /** Numbers in one value's flat row. */
  readonly size: number;
  /** Validates an untrusted value and says what is wrong with it. */
  readonly schema: z.ZodType<T>;
  contains(value: unknown): value is T;
  /** Why `contains` is false, in one clause (`expected …, got …`), or undefined where it is true. */
  explain(value: unknown): string | undefined;
  sample(rng: Rng, mask?: ActionMask): T;
  /** Writes the flat row of a value that the space contains. */
  write(value: T, row: Float32Array, offset?: number): void;
  /** Reads a value back from its flat row. */
  read(row: ArrayLike<number>, offset?: number): T;
  toJSON(): SpaceJson;
}
