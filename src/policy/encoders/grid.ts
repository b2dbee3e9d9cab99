import * as tf from '@tensorflow/tfjs-core';
import { linear } from '../../kernels/ops/index.ts';
import type { Parameters } from '../parameters/parameters.ts';
import { type Encoder, placesOf } from './encoder.ts';
import type { ArraySpace } from './reading.ts';

/**
 * An encoder of numbers [rows, columns] or [rows, columns, channels]: each cell is a token, a linear map of its channels.
 * Tokens have a place but no absolute position, so the same weights read grids of any size.
 */
export function gridEncoder({ shape }: ArraySpace, width: number, parameters: Parameters): Encoder {
  const [height, columns, channels = 1] = shape;
  const tokens = height * columns;
  const weight = parameters.normal('weight', [channels, width]);
  // Not 0: a cell of zeros would be nothing for the core’s norm to scale, with gradients of 1e5.
  const bias = parameters.normal('bias', [width], 1 / Math.sqrt(channels));
  return {
    tokens,
    places: placesOf(height, columns),
    summary: `${height} × ${columns} grid of ${numbersText(channels)}, ${tokens} tokens with places`,
    encode: (rows) =>
      linear(
        tf.reshape(rows, [-1, tokens, channels]),
        weight as tf.Tensor2D,
        bias as tf.Tensor1D,
      ) as tf.Tensor3D,
  };
}

/** How many numbers something has. */
export function numbersText(count: number): string {
  return count === 1 ? 'one number' : `${count} numbers`;
}
