import * as tf from '@tensorflow/tfjs-core';
import { differentiable, hasKernel, PLACE_ROWS, runKernel } from './fused.ts';
import { reshaped } from './shapes.ts';

/**
 * The rows `indices` of `x`, in that order; with gradient.
 *
 * @param x [B, ...]
 * @param indices int32 [N], each in 0..B-1
 * @returns [N, ...]
 */
export function gatherRows(x: tf.Tensor, indices: tf.Tensor | Int32Array): tf.Tensor {
  if (indices instanceof tf.Tensor) return tf.gather(x, indices as tf.Tensor1D);
  return tf.tidy(() => tf.gather(x, tf.tensor1d(indices, 'int32')));
}

/** The rows `begin..begin+count-1` of `x` [B, ...], as [count, ...]; with gradient. */
export function takeRows(x: tf.Tensor, begin: number, count: number): tf.Tensor {
  return tf.slice(x, begin, count);
}

/**
 * Row i is row `from[i]` of `x` [B, ...] followed by `more` [N, ...]. Without gradient, and for whoever owns
 * `x`: where rows of `more` only take the places of others, they are written over them, and the result
 * lies where `x` did.
 *
 * @param from each in 0..B+N-1
 */
export function placeRows(x: tf.Tensor, from: Int32Array, more?: tf.Tensor): tf.Tensor {
  if (hasKernel(PLACE_ROWS)) {
    const attrs = { from } as unknown as tf.NamedAttrMap;
    return runKernel<tf.Tensor>(PLACE_ROWS, more ? { x, more } : { x }, attrs);
  }
  return tf.tidy(() => gatherRows(more ? tf.concat([x, more], 0) : x, from));
}

/** `x` as often as said, along a new first axis [count, ...]; with gradient. */
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
