import * as tf from '@tensorflow/tfjs-core';

/**
 * A scalar function of x whose value and gradient plain code computes: worth it where tensor operations
 * would be many and small. The numbers are read at once, so not for a GPU.
 *
 * @param compute gets the numbers of x; its gradient has as many
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
