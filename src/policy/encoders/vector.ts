import type * as tf from '@tensorflow/tfjs-core';
import { linear, reshaped } from '../../kernels/ops/index.ts';
import type { Parameters } from '../parameters/parameters.ts';
import type { Encoder } from './encoder.ts';
import { numbersText } from './grid.ts';

/** Number of tokens of a vector: enough for attention to choose from, few enough to be cheap. */
const VECTOR_TOKENS = 4;

/**
 * An array of any shape as one vector x: S tokens, each a linear map of the whole of x. Infinite or wide bounds want
 * `normalize.obs`.
 */
export function vectorEncoder(size: number, width: number, parameters: Parameters): Encoder {
  const tokens = VECTOR_TOKENS;
  const weight = parameters.normal('weight', [size, tokens * width]);
  const bias = parameters.normal('bias', [tokens * width], 0.1);
  return {
    tokens,
    summary: `vector of ${numbersText(size)}`,
    labels: Array.from({ length: tokens }, (_, i) => `view ${i}`),
    encode: (rows) => reshaped(linear(rows, weight, bias), [-1, tokens, width]) as tf.Tensor3D,
  };
}
