import * as tf from '@tensorflow/tfjs-core';
import type { MultiDiscrete } from '../../envs/index.ts';
import type { Parameters } from '../parameters/parameters.ts';
import type { Encoder } from './encoder.ts';
import { vectorEncoder } from './vector.ts';

/** Choices as one vector: a number for each value of each entry, 1 for those that it has. */
export function choicesVectorEncoder(
  { nvec, start }: MultiDiscrete,
  width: number,
  parameters: Parameters,
): Encoder {
  const entries = Array.from(nvec).flatMap((n, i) => new Array<number>(n).fill(i));
  const values = Array.from(nvec).flatMap((n, i) =>
    Array.from({ length: n }, (_, v) => start[i] + v),
  );
  const vector = vectorEncoder(entries.length, width, parameters);
  return {
    ...vector,
    summary: `vector of ${nvec.length} choices`,
    encode: (rows) => {
      const repeated = tf.gather(rows, tf.tensor1d(entries, 'int32'), 1);
      return vector.encode(
        tf.cast(tf.equal(repeated, tf.tensor1d(values)), 'float32') as tf.Tensor2D,
      );
    },
  };
}
