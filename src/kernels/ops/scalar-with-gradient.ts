import * as tf from '@tensorflow/tfjs-core';

/**
 * A scalar function of a tensor whose value and gradient plain code computes. It is faster than many small tensor
 * operations on a CPU; on a GPU it waits for a copy to the host.
 *
 * @param x float32, any shape
 * @param compute receives the numbers of x, and returns the value and as many numbers of gradient
 */
export function scalarWithGradient(
  x: tf.Tensor,
  compute: (values: Float32Array) => { value: number; gradient: Float32Array },
): tf.Scalar {
  const f = tf.customGrad((...args) => {
    const [x, save] = args as [tf.Tensor, tf.GradSaveFunc];
    const { value, gradient } = compute(x.dataSync<'float32'>());
    save([tf.tensor(gradient, x.shape)]);
    return {
      value: tf.scalar(value),
      gradFunc: (dy: tf.Tensor, [gradient]: tf.Tensor[]) => tf.mul(gradient, dy),
    };
  });
  return f(x) as tf.Scalar;
}
