import * as tf from '@tensorflow/tfjs-core';
import { softmaxGradient } from './softmax-gradient.ts';

/** `attention` as it is usually written: one matrix product for each element and head. */
export function attendByHeads(
  q: tf.Tensor,
  k: tf.Tensor,
  v: tf.Tensor,
  heads: number,
  bias?: tf.Tensor,
  mask?: tf.Tensor,
): tf.Tensor {
  const [batch, , width] = q.shape as number[];
  const headWidth = width / heads;
  const scale = 1 / Math.sqrt(headWidth);
  /** [B, N, D] -> [B, H, N, D/H] */
  const split = (x: tf.Tensor) =>
    tf.transpose(tf.reshape(x, [batch, -1, heads, headWidth]), [0, 2, 1, 3]);
  const ofKeys = (x: tf.Tensor) => tf.reshape(x, [batch, 1, 1, -1]);
  const join = (x: tf.Tensor) => tf.reshape(tf.transpose(x, [0, 2, 1, 3]), [batch, -1, width]);

  const attend = tf.customGrad((...args) => {
    const save = args.pop() as tf.GradSaveFunc;
    const [q, k, v, bias] = args as tf.Tensor[];
    const qh = tf.mul(split(q), scale);
    const [kh, vh] = [split(k), split(v)];
    const scores = tf.matMul(qh, kh, false, true);
    const biased = bias ? tf.add(scores, bias) : scores;
    const p = tf.softmax(mask ? tf.add(biased, ofKeys(mask)) : biased); // [B, H, R, S]
    save([qh, kh, vh, p]);
    return {
      value: join(tf.matMul(p, vh)),
      gradFunc: (dy: tf.Tensor, [qh, kh, vh, p]: tf.Tensor[]) => {
        const dyh = split(dy);
        const ds = softmaxGradient(p, tf.matMul(dyh, vh, false, true));
        const gradients = [
          join(tf.mul(tf.matMul(ds, kh), scale)),
          join(tf.matMul(ds, qh, true, false)),
          join(tf.matMul(p, dyh, true, false)),
        ];
        return bias ? [...gradients, tf.sum(ds, 0)] : gradients;
      },
    };
  });
  return bias ? attend(q, k, v, bias) : attend(q, k, v);
}
