import * as tf from '@tensorflow/tfjs-core';
import type { Sequence, Space } from '../../envs/index.ts';
import { Rng } from '../../kernels/common/index.ts';
import { reshaped } from '../../kernels/ops/index.ts';
import type { Parameters } from '../parameters/parameters.ts';
import { type Encoder, summaryOf } from './encoder.ts';
import { firstOnes } from './first-ones.ts';

/** The entries of a Sequence, each a token of `width` numbers. */
export interface Entries {
  /** What an entry becomes, for people. */
  readonly summary: string;
  /** The tokens of the entries of rows [B, size], padding included [B, maxLength, width]. */
  encode(rows: tf.Tensor2D): tf.Tensor3D;
}

/** Encodes the entries of a Sequence: each becomes the mean of the tokens that its own encoder makes. */
export function entriesOf(
  { space, maxLength }: Sequence,
  width: number,
  parameters: Parameters,
  encoderFor: (space: Space, width: number, parameters: Parameters) => Encoder,
): Entries {
  const entry = encoderFor(space, width, parameters);
  // Padding of zeros may be no value of the space, such as a choice below its start.
  const filler = new Float32Array(space.size);
  space.write(space.sample(Rng.seed(0)), filler);
  return {
    summary: summaryOf(entry),
    encode: (rows) => {
      const present = tf.expandDims(firstOnes(rows, maxLength), 2);
      const entries = reshaped(tf.slice(rows, [0, 1], [-1, -1]), [-1, maxLength, space.size]);
      const absent = tf.mul(tf.sub(1, present), tf.tensor1d(filler));
      const each = reshaped(tf.add(entries, absent), [-1, space.size]) as tf.Tensor2D;
      return reshaped(meanOf(entry, each), [-1, maxLength, width]) as tf.Tensor3D;
    },
  };
}

/** The mean of the tokens that are there [B, D]. */
function meanOf(encoder: Encoder, rows: tf.Tensor2D): tf.Tensor2D {
  const tokens = encoder.encode(rows);
  const present = encoder.present?.(rows);
  if (present === undefined) return tf.mean(tokens, 1);
  const sum = tf.sum(tf.mul(tokens, tf.expandDims(present, 2)), 1);
  return tf.div(sum, tf.maximum(1, tf.sum(present, 1, true)));
}
