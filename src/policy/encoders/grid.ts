import * as tf from '@tensorflow/tfjs-core';
import type { Box, DType } from '../../envs/index.ts';
import { linear } from '../../kernels/ops/index.ts';
import type { Parameters } from '../parameters/parameters.ts';
import type { Encoder, Place } from './encoder.ts';

/**
 * An encoder of a Box [rows, columns, channels]: each cell is a token, a linear map of its channels. Tokens have a place
 * but no absolute position, so the same weights read grids of any size.
 */
export function gridEncoder(space: Box<DType>, width: number, parameters: Parameters): Encoder {
  const [height, columns, channels] = space.shape;
  const tokens = height * columns;
  const weight = parameters.normal('weight', [channels, width]);
  // Not 0: a cell of zeros would be nothing for the core’s norm to scale, with gradients of 1e5.
  const bias = parameters.normal('bias', [width], 1 / Math.sqrt(channels));
  const places: Place[] = Array.from({ length: tokens }, (_, i) => [
    Math.floor(i / columns),
    i % columns,
  ]);
  return {
    tokens,
    places,
    encode: (rows) =>
      linear(
        tf.reshape(rows, [-1, tokens, channels]),
        weight as tf.Tensor2D,
        bias as tf.Tensor1D,
      ) as tf.Tensor3D,
  };
}
