import * as tf from '@tensorflow/tfjs-core';
import type { Sequence, Space } from '../../envs/index.ts';
import type { Parameters } from '../parameters/parameters.ts';
import type { Encoder } from './encoder.ts';
import { entriesOf } from './entries.ts';
import { firstOnes } from './first-ones.ts';

/**
 * An encoder of sequences: each entry is a token, the mean of the tokens that its own encoder makes. Unless they are a set,
 * entries have a learned position; beyond the last, tokens are padding.
 */
export function sequenceEncoder(
  space: Sequence,
  width: number,
  parameters: Parameters,
  encoderFor: (space: Space, width: number, parameters: Parameters) => Encoder,
): Encoder {
  const { maxLength: tokens, as } = space;
  const entries = entriesOf(space, width, parameters.scope('entry'), encoderFor);
  const positions =
    as === 'sequence' ? parameters.normal('positions', [tokens, width], 0.5) : undefined;
  return {
    tokens,
    summary: `${as} of at most ${tokens} (${entries.summary}), padding masked`,
    labels: Array.from({ length: tokens }, (_, i) => `entry ${i}`),
    encode: (rows) => {
      const members = entries.encode(rows);
      return positions === undefined ? members : tf.add(members, positions);
    },
    present: (rows) => firstOnes(rows, tokens),
  };
}
