import * as tf from '@tensorflow/tfjs-core';
import type { Sequence, Space } from '../../envs/index.ts';
import { Rng } from '../../kernels/common/index.ts';
import { reshaped } from '../../kernels/ops/index.ts';
import type { Parameters } from '../parameters/parameters.ts';
import { type Encoder, summaryOf } from './encoder.ts';
import { firstOnes } from './first-ones.ts';

/**
 * An encoder of sequences: each entry is a token, the mean of the tokens that its own encoder makes. Unless they are a set,
 * entries have a learned position; beyond the last, tokens are padding.
 */
export function sequenceEncoder(
  { space, maxLength: tokens, as }: Sequence,
  width: number,
  parameters: Parameters,
  encoderFor: (space: Space, width: number, parameters: Parameters) => Encoder,
): Encoder {
  const entry = encoderFor(space, width, parameters.scope('entry'));
  // Padding of zeros may be no value of the space, such as a choice below its start.
  const filler = new Float32Array(space.size);
  space.write(space.sample(Rng.seed(0)), filler);
  const positions =
    as === 'sequence' ? parameters.normal('positions', [tokens, width], 0.5) : undefined;
  return {
    tokens,
    summary: `${as} of at most ${tokens} (${summaryOf(entry)}), padding masked`,
    labels: Array.from({ length: tokens }, (_, i) => `entry ${i}`),
    encode: (rows) => {
      const present = tf.expandDims(firstOnes(rows, tokens), 2);
      const entries = reshaped(tf.slice(rows, [0, 1], [-1, -1]), [-1, tokens, space.size]);
      const absent = tf.mul(tf.sub(1, present), tf.tensor1d(filler));
      const each = reshaped(tf.add(entries, absent), [-1, space.size]) as tf.Tensor2D;
      const members = reshaped(meanOf(entry, each), [-1, tokens, width]) as tf.Tensor3D;
      return positions === undefined ? members : tf.add(members, positions);
    },
    present: (rows) => firstOnes(rows, tokens),
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
