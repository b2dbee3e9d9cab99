import * as tf from '@tensorflow/tfjs-core';
// Imported for its effect: of tfjs's packages that load in Node, it is the small one that registers the gradients.
import '@tensorflow/tfjs-layers';

const comparisons = [tf.Greater, tf.GreaterEqual, tf.Less, tf.LessEqual, tf.Equal, tf.NotEqual];

/**
 * Gives comparisons the gradient 0. Without it tfjs refuses `where(greater(x, 0), …)` whenever `x`
 * has a gradient of its own.
 */
export function registerMissingGradients(): void {
  for (const kernelName of comparisons) {
    if (tf.getGradient(kernelName)) continue;
    tf.registerGradient({
      kernelName,
      inputsToSave: ['a', 'b'],
      gradFunc: (_dy, saved) => {
        const [a, b] = saved;
        return { a: () => tf.zerosLike(a), b: () => tf.zerosLike(b) };
      },
    });
  }
}
