import * as tf from '@tensorflow/tfjs-core';
import { linear } from '../../kernels/ops/index.ts';
import type { Parameters } from '../parameters/parameters.ts';
import type { Encoder } from './encoder.ts';
import { numbersText } from './grid.ts';
import type { ArraySpace } from './reading.ts';

/**
 * The deviation of the first positions. Smaller than elsewhere, they hide less of what all rows have in common: of ten
 * entities in no order, .964 where 0.5 gave .938, on one seed (docs/learning.md).
 */
const POSITION_STD = 0.1;

/**
 * An encoder of rows of numbers [N, F]: each row is a token, a linear map of its numbers. Rows of a sequence have a learned
 * position. Rows of a set have none; a row of zeros is no member, and no token attends to it.
 */
export function rowsEncoder(
  { shape: [tokens, ...row] }: ArraySpace,
  ordered: boolean,
  width: number,
  parameters: Parameters,
): Encoder {
  const numbers = row.reduce((product, extent) => product * extent, 1);
  const weight = parameters.normal('weight', [numbers, width]) as tf.Tensor2D;
  // Not 0, as in a grid: a row of zeros would be nothing for the core’s norm to scale.
  const bias = parameters.normal('bias', [width], 1 / Math.sqrt(numbers)) as tf.Tensor1D;
  const positions = ordered
    ? parameters.normal('positions', [tokens, width], POSITION_STD)
    : undefined;
  const split = (rows: tf.Tensor2D) => tf.reshape(rows, [-1, tokens, numbers]);
  return {
    tokens,
    summary: ordered
      ? `sequence of ${tokens} rows of ${numbersText(numbers)}`
      : `set of ${tokens} rows of ${numbersText(numbers)}, rows of zeros masked`,
    labels: Array.from({ length: tokens }, (_, i) => `row ${i}`),
    encode: (rows) => {
      const members = linear(split(rows), weight, bias) as tf.Tensor3D;
      return positions === undefined ? members : tf.add(members, positions);
    },
    present: ordered
      ? undefined
      : (rows) => tf.cast(tf.greater(tf.max(tf.abs(split(rows)), 2), 0), 'float32') as tf.Tensor2D,
  };
}
