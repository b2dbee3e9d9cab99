import * as tf from '@tensorflow/tfjs-core';
import type { Place } from '../encoders/index.ts';
import type { Parameters } from '../parameters/parameters.ts';

/** Offsets beyond this many cells along an axis share one bias (T5's clipping, 1910.10683). */
const REACH = 3;
/** The cell that each head attends to at the start, relative to its own: north, east, south, west, in turn. */
const CENTERS = [
  [-1, 0],
  [0, 1],
  [1, 0],
  [0, -1],
];
/** The decrease of the first bias with each cell of distance from there. */
const FALL = 4;

/**
 * A learned attention bias by relative place: bias[h, i, j] = table[offset(i, j), h]. It clips offsets to ±REACH rows
 * and columns, so that one table serves grids of any size. Each head starts at one of the four neighbors (ConViT's
 * initialization, d'Ascoli et al. 2021, arXiv 2103.10697): before any learning, information spreads from cell to cell in
 * each direction. Tokens without a place (registers, other parts of a Dict) share two entries: attention from one, which
 * starts even, and attention to one.
 *
 * @returns a function giving the bias [H, R, R] for `places`, or undefined where no token has a place
 */
export function relativeBias(
  parameters: Parameters,
  places: readonly (Place | undefined)[],
  heads: number,
): (() => tf.Tensor3D) | undefined {
  if (places.every((place) => place === undefined)) return undefined;
  const side = 2 * REACH + 1;
  const from = side * side;
  const to = from + 1;
  const table = parameters.filled('relative', [side * side + 2, heads], (index) => {
    const offset = Math.floor(index / heads);
    if (offset === from) return 0;
    if (offset === to) return -FALL;
    const [row, column] = CENTERS[(index % heads) % CENTERS.length];
    const rows = Math.abs(Math.floor(offset / side) - REACH - row);
    const columns = Math.abs((offset % side) - REACH - column);
    return -FALL * (rows + columns);
  });
  const clip = (d: number) => Math.max(-REACH, Math.min(REACH, d)) + REACH;
  const ids = places.flatMap((a) =>
    places.map((b) => {
      if (a === undefined) return from;
      if (b === undefined) return to;
      return clip(b[0] - a[0]) * side + clip(b[1] - a[1]);
    }),
  );
  const size = places.length;
  return () => {
    const chosen = tf.oneHot(tf.tensor1d(ids, 'int32'), side * side + 2);
    const bias = tf.matMul(tf.cast(chosen, 'float32') as tf.Tensor2D, table as tf.Tensor2D);
    return tf.reshape(tf.transpose(bias), [heads, size, size]);
  };
}
