import * as tf from '@tensorflow/tfjs-core';
import { differentiable, hasKernel, JOIN_ROWS, runKernel } from './fused.ts';

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
 * The rows `indices` of `x` [B, ...], then all of `more` [N, ...]; the same tensor again where those are the
 * rows of `x` as they are. Without gradient.
 *
 * @param indices each in 0..B-1
 */
export function joinRows(x: tf.Tensor, indices: Int32Array, more?: tf.Tensor): tf.Tensor {
  const same = indices.length === x.shape[0] && indices.every((row, i) => row === i);
  if (same && more === undefined) return x;
  if (hasKernel(JOIN_ROWS)) {
    const attrs = { indices } as unknown as tf.NamedAttrMap;
    return runKernel<tf.Tensor>(JOIN_ROWS, more ? { x, more } : { x }, attrs);
  }
  return tf.tidy(() => {
    const chosen = same ? x : gatherRows(x, indices);
    return more ? tf.concat([chosen, more], 0) : chosen;
  });
}

/** `x` as often as said, along a new first axis [count, ...]; with gradient. */
export function repeat(x: tf.Tensor, count: number): tf.Tensor {
  const reps = [count, ...x.shape.map(() => 1)];
  return differentiable(
    { x },
    ({ x }) => tf.tidy(() => tf.tile(tf.expandDims(x, 0), reps)),
    (dy) => [tf.sum(dy, 0)],
  );
}
