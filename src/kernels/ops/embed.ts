import * as tf from '@tensorflow/tfjs-core';
import { assertShape } from '../common/checks.ts';

/**
 * Looks rows of a table up.
 *
 * @param ids int32 [N], each in 0..V−1. The caller checks that: a GPU does not
 * @param table [V, E]
 * @returns [N, E]
 * @throws RangeError for arguments of another rank
 */
export function embed(ids: tf.Tensor, table: tf.Tensor): tf.Tensor {
  assertShape('embed', 'ids', ids, [null]);
  assertShape('embed', 'table', table, [null, null]);
  return tf.gather(table, ids as tf.Tensor1D);
}
