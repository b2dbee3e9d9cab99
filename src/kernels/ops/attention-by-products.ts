import * as tf from '@tensorflow/tfjs-core';
import { softmaxGradient } from './softmax-gradient.ts';

/**
 * `attention` for few queries, with one matrix product for the whole batch in place of many tiny ones. It multiplies keys
 * by their query number by number. A product with the matrix E [D, H], where `E[d, h] = 1` if number d belongs to head h,
 * sums each head's numbers. A product with Eᵀ spreads a head's weight over its numbers again.
 */
export function attendByProducts(
  q: tf.Tensor,
  k: tf.Tensor,
  v: tf.Tensor,
  heads: number,
  bias?: tf.Tensor,
  mask?: tf.Tensor,
): tf.Tensor {
  const [batch, queries, width] = q.shape as number[];
  const keys = k.shape[1]!;
  const scale = Math.sqrt(heads / width);
  const ofQuery = (x: tf.Tensor) => tf.reshape(x, [batch, queries, 1, width]);
  const ofKey = (x: tf.Tensor) => tf.reshape(x, [batch, 1, keys, width]);
  const swap = (x: tf.Tensor) => tf.transpose(x, [0, 1, 3, 2]);
  /** The sums over each head's numbers: [B, R, S, D] -> [B, R, H, S]. */
  const gather = (x: tf.Tensor, factor = 1) => {
    const rows = tf.reshape(x, [-1, width]) as tf.Tensor2D;
    const sums = tf.matMul(rows, tf.tensor2d(indicator(width, heads, factor), [width, heads]));
    return swap(tf.reshape(sums, [batch, queries, keys, heads]));
  };
  /** A head's number for each of its numbers: [B, R, H, S] -> [B, R, S, D]. */
  const spread = (x: tf.Tensor, factor = 1) => {
    const rows = tf.reshape(swap(x), [-1, heads]) as tf.Tensor2D;
    const all = tf.matMul(rows, tf.tensor2d(indicatorT(width, heads, factor), [heads, width]));
    return tf.reshape(all, [batch, queries, keys, width]);
  };

  const attend = tf.customGrad((...args) => {
    const save = args.pop() as tf.GradSaveFunc;
    const [q, k, v, bias] = args as tf.Tensor[];
    const scores = gather(tf.mul(ofQuery(q), ofKey(k)), scale);
    const biased = bias ? tf.add(scores, tf.transpose(bias, [1, 0, 2])) : scores;
    const p = tf.softmax(mask ? tf.add(biased, tf.reshape(mask, [batch, 1, 1, keys])) : biased);
    const weights = spread(p);
    save([q, k, v, p, weights]);
    return {
      value: tf.sum(tf.mul(weights, ofKey(v)), 2),
      gradFunc: (dy: tf.Tensor, [q, k, v, p, weights]: tf.Tensor[]) => {
        const dys = ofQuery(dy);
        const ds = softmaxGradient(p, gather(tf.mul(dys, ofKey(v))));
        const dScores = spread(ds, scale);
        const gradients = [
          tf.sum(tf.mul(dScores, ofKey(k)), 2),
          tf.sum(tf.mul(dScores, ofQuery(q)), 1),
          tf.sum(tf.mul(weights, dys), 1),
        ];
        return bias ? [...gradients, tf.transpose(tf.sum(ds, 0), [1, 0, 2])] : gradients;
      },
    };
  });
  return bias ? attend(q, k, v, bias) : attend(q, k, v);
}

/** E [D, H], times a factor. */
function indicator(width: number, heads: number, factor: number): Float32Array {
  const e = new Float32Array(width * heads);
  const headWidth = width / heads;
  for (let d = 0; d < width; d++) e[d * heads + Math.floor(d / headWidth)] = factor;
  return e;
}

/** Eᵀ [H, D], times a factor. */
function indicatorT(width: number, heads: number, factor: number): Float32Array {
  const e = new Float32Array(width * heads);
  const headWidth = width / heads;
  for (let h = 0; h < heads; h++) {
    e.fill(factor, h * width + h * headWidth, h * width + (h + 1) * headWidth);
  }
  return e;
}
