import * as tf from '@tensorflow/tfjs-core';
import type { Text } from '../../envs/index.ts';
import { embedFields, reshaped } from '../../kernels/ops/index.ts';
import type { Parameters } from '../parameters/parameters.ts';
import type { Encoder } from './encoder.ts';
import { firstOnes } from './first-ones.ts';

/** An encoder of texts: each character is a token with a learned position; beyond the last, tokens are padding. */
export function textEncoder(
  { maxLength: tokens, charset }: Text,
  width: number,
  parameters: Parameters,
): Encoder {
  const characters = [...charset].length;
  const table = parameters.normal('table', [characters, width], 1);
  const positions = parameters.normal('positions', [tokens, width], 0.5);
  return {
    tokens,
    summary: `text of at most ${tokens} of ${characters} characters, padding masked`,
    labels: Array.from({ length: tokens }, (_, i) => `character ${i}`),
    encode: (rows) => {
      const ids = reshaped(tf.slice(rows, [0, 1], [-1, tokens]), [-1, 1]) as tf.Tensor2D;
      const embedded = reshaped(embedFields(ids, [table]), [-1, tokens, width]) as tf.Tensor3D;
      return tf.add(embedded, positions);
    },
    present: (rows) => firstOnes(rows, tokens),
  };
}
