import type * as tf from '@tensorflow/tfjs-core';
import type { Space } from '../../envs/index.ts';
import type { Parameters } from '../parameters/parameters.ts';

/** A token's place on a grid; the core's attention knows the difference between two places. */
export type Place = readonly [row: number, column: number];

/** Turns observations into tokens, once for each decision. */
export interface Encoder {
  /** Tokens of an observation (S). */
  readonly tokens: number;
  /** The place of each token, where the tokens lie on a grid. */
  readonly places?: readonly (Place | undefined)[];
  /** Whether the tokens carry their position already. Otherwise the core `latent` adds one where there are places. */
  readonly positioned?: boolean;
  /** The name of each token for people; default: its place, or its number. */
  readonly labels?: readonly string[];
  /** Multiply-adds that an observation takes; default: one for each of its weights. */
  readonly multiplyAdds?: number;
  /** What an observation becomes, for people: a phrase such as `vector of 6`. */
  readonly summary?: string;
  /**
   * Encodes a batch of observations. Gradients flow through it, so it uses tensors only.
   * @param rows flat observations [B, space.size], as the space writes them
   * @returns tokens [B, S, D]
   */
  encode(rows: tf.Tensor2D): tf.Tensor3D;
  /**
   * Says which tokens there are, where their number varies. No token attends to the others, which are padding. Without it,
   * all are there.
   * @param rows as of `encode`
   * @returns 1 for each token that is there, else 0 [B, S]
   */
  present?(rows: tf.Tensor2D): tf.Tensor2D;
}

/**
 * Makes an encoder for an observation space, whose tokens have `width` (D) numbers. A module that a config names under
 * `policy.encoder` has one as its default export; `options` are the config's `policy.encoder.options`.
 *
 * ```ts
 * import type { EncoderFactory } from 'pondera';
 * import { linear, tf } from 'pondera/kernels';
 *
 * // Each number of a vector becomes a token: the number times a learned vector.
 * const encoder: EncoderFactory = (space, width, parameters) => {
 *   const weight = parameters.normal('weight', [1, width]) as tf.Tensor2D;
 *   return {
 *     tokens: space.size,
 *     encode: (rows) => linear(tf.expandDims(rows, 2), weight) as tf.Tensor3D,
 *   };
 * };
 * export default encoder;
 * ```
 */
export type EncoderFactory = (
  space: Space,
  width: number,
  parameters: Parameters,
  options?: Record<string, unknown>,
) => Encoder;

/** The places of a grid's tokens, row by row. */
export function placesOf(rows: number, columns: number): Place[] {
  return Array.from({ length: rows * columns }, (_, i) => [Math.floor(i / columns), i % columns]);
}

/** What an encoder makes of an observation, for people. */
export function summaryOf({ tokens, summary }: Encoder): string {
  return summary ?? `${tokens} tokens by an encoder of your own`;
}

/** The name of each token of an encoder, for people. */
export function labelsOf({ tokens, places, labels }: Encoder): string[] {
  return Array.from({ length: tokens }, (_, i) => {
    const place = places?.[i];
    return labels?.[i] ?? (place ? `row ${place[0]}, column ${place[1]}` : `token ${i}`);
  });
}
