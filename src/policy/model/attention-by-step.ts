import * as tf from '@tensorflow/tfjs-core';
import type { Row } from '../../envs/index.ts';
import { numbersOf, tensorOf } from '../../kernels/ops/index.ts';
import type { Policy } from './policy.ts';

/**
 * The readout's attention to each of `policy.tokens` in each of the first `ponderSteps` ponder steps about an observation, the
 * mean over blocks and heads. It computes the thought again.
 * @internal
 */
export async function attentionOf(
  policy: Policy,
  row: Row,
  ponderSteps: number,
): Promise<number[][]> {
  const shares = tf.tidy(() => {
    let thought = policy.begin(tensorOf(Float32Array.from(row), [1, row.length]) as tf.Tensor2D);
    const all = Array.from({ length: ponderSteps }, () => {
      const share = policy.attention(thought);
      thought = { ...thought, z: policy.step(thought) };
      return share;
    });
    return tf.concat(all, 0);
  });
  const numbers = await numbersOf(shares);
  shares.dispose();
  const keys = policy.tokens.length;
  return Array.from({ length: ponderSteps }, (_, i) =>
    Array.from(numbers.subarray(i * keys, (i + 1) * keys)),
  );
}
