import type * as tf from '@tensorflow/tfjs-core';
import type { Space } from '../../envs/index.ts';
import type { Parameters } from '../parameters/parameters.ts';

/** Where a token lies on a grid: the core's relative positions are taken between such places. */
export type Place = readonly [row: number, column: number];

/** Turns observations into tokens, once a decision. */
export interface Encoder {
  /** Tokens per observation (S). */
  readonly tokens: number;
  /** One per token, where the tokens lie on a grid. */
  readonly places?: readonly (Place | undefined)[];
  /** What to call each token where people see it; by its place, or its number, unless given. */
  readonly labels?: readonly string[];
  /** @param rows flat observations [B, space.size] @returns tokens [B, S, D] */
  encode(rows: tf.Tensor2D): tf.Tensor3D;
}

/** Makes an encoder for `space` whose tokens are `width` (D) numbers wide. */
export type EncoderFactory = (
  space: Space,
  width: number,
  parameters: Parameters,
  options?: Record<string, unknown>,
) => Encoder;

/** What to call each token of an encoder. */
export function labelsOf({ tokens, places, labels }: Encoder): string[] {
  return Array.from({ length: tokens }, (_, i) => {
    const place = places?.[i];
    return labels?.[i] ?? (place ? `row ${place[0]}, column ${place[1]}` : `token ${i}`);
  });
}
