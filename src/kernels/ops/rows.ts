import * as tf from '@tensorflow/tfjs-core';
import { assertShape } from '../common/checks.ts';
import { differentiable, hasKernel, runKernel } from './fused.ts';
import { reshaped } from './shapes.ts';

/** Names of the fused kernels, where a backend has them. */
export const PLACE_ROWS = 'PonderaPlaceRows';
export const WRITE_ROWS = 'PonderaWriteRows';

/**
 * Takes rows by index, with gradient.
 *
 * @param x [B, ...]
 * @param indices int32 [N], each in 0..B−1
 * @returns [N, ...]
 */
export function gatherRows(x: tf.Tensor, indices: tf.Tensor | Int32Array): tf.Tensor {
  if (indices instanceof tf.Tensor) return tf.gather(x, indices as tf.Tensor1D);
  return tf.tidy(() => tf.gather(x, tf.tensor1d(indices, 'int32')));
}

/**
 * Takes the rows `begin..begin+count−1`, with gradient.
 *
 * @param x [B, ...]
 * @returns [count, ...]
 */
export function takeRows(x: tf.Tensor, begin: number, count: number): tf.Tensor {
  return tf.slice(x, begin, count);
}

/**
 * Takes rows by index from `x` followed by `more`, without gradient. The caller gives up `x`: where rows of `more` only
 * replace rows of `x`, it writes them over those, and the result uses the memory of `x`.
 *
 * @param x [B, ...]
 * @param from indices, each in 0..B+N−1
 * @param more [N, ...]
 * @returns [from.length, ...]
 */
export function placeRows(x: tf.Tensor, from: Int32Array, more?: tf.Tensor): tf.Tensor {
  if (hasKernel(PLACE_ROWS)) {
    const attrs = { from } as unknown as tf.NamedAttrMap;
    return runKernel<tf.Tensor>(PLACE_ROWS, more ? { x, more } : { x }, attrs);
  }
  return tf.tidy(() => gatherRows(more ? tf.concat([x, more], 0) : x, from));
}

/**
 * Replaces rows of a table, without gradient. The caller gives up `table`: where there is a kernel, it writes over the rows in
 * their place, at a cost that does not depend on M, and the result uses the memory of `table`.
 *
 * @param table [M, ...]
 * @param at the row that each of `rows` replaces [N], each in 0..M−1; of several for one row, the last stays
 * @param rows [N, ...]
 * @returns [M, ...]
 * @throws RangeError where an index is out of range, or there are not as many as rows
 */
export function writeRows(table: tf.Tensor, at: Int32Array, rows: tf.Tensor): tf.Tensor {
  const [size, ...shape] = table.shape;
  assertShape('writeRows', 'rows', rows, [at.length, ...shape]);
  const outside = at.find((row) => row < 0 || row >= size);
  if (outside !== undefined) {
    throw new RangeError(`writeRows: expected rows in 0..${size - 1}, got ${outside}`);
  }
  if (hasKernel(WRITE_ROWS)) {
    return runKernel(WRITE_ROWS, { table, rows }, { at } as unknown as tf.NamedAttrMap);
  }
  const from = Int32Array.from({ length: size }, (_, row) => row);
  at.forEach((row, i) => {
    from[row] = size + i;
  });
  return tf.tidy(() => gatherRows(tf.concat([table, rows], 0), from));
}

/**
 * Repeats a tensor along a new first axis, with gradient.
 *
 * @returns [count, ...]
 */
export function repeat(x: tf.Tensor, count: number): tf.Tensor {
  const reps = [count, ...x.shape.map(() => 1)];
  return differentiable(
    { x },
    ({ x }) => {
      const one = reshaped(x, [1, ...x.shape]);
      const all = runKernel<tf.Tensor>(tf.Tile, { x: one }, { reps });
      one.dispose();
      return all;
    },
    (dy) => [tf.sum(dy, 0)],
  );
}
