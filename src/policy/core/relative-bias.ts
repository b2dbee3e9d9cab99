import * as tf from '@tensorflow/tfjs-core';
import type { Place } from '../encoders/index.ts';
import type { Parameters } from '../parameters.ts';

/** Offsets beyond this many cells along an axis share one bias (T5's clipping, 1910.10683). */
const REACH = 3;
/** How steeply attention falls off with distance at the start, by head (ALiBi's slopes, 2108.12409). */
const SLOPES = [2, 1, 0.5, 0.25];

/**
 * Learned attention bias by relative place: bias[h, i, j] = table[offset(i, j), h], offsets clipped to
 * ±REACH rows and columns, so that one table serves grids of any size. It begins local, so that a
 * cell looks at its neighbours before it has learnt anything. Tokens without a place (registers,
 * other parts of a Dict) share two entries: looking from one, and looking at one.
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
    if (offset >= side * side) return 0;
    const rows = Math.abs(Math.floor(offset / side) - REACH);
    const columns = Math.abs((offset % side) - REACH);
    return -SLOPES[(index % heads) % SLOPES.length] * (rows + columns);
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
