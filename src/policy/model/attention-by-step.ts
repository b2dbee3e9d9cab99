import * as tf from '@tensorflow/tfjs-core';
import type { Row } from '../../envs/index.ts';
import { numbersOf, tensorOf } from '../../kernels/ops/index.ts';
import { type Past, packPasts, pastOf } from '../memory/index.ts';
import type { Policy } from './policy.ts';

/** Shares of the readout's attention in a ponder step, which sum to 1 together. */
export interface StepAttention {
  /** Of each of `policy.tokens`. */
  tokens: number[];
  /** Of each entry that the decision attends to, the oldest first and its own last; none without a memory. */
  entries: number[];
}

/**
 * The readout's attention in each of the first `ponderSteps` ponder steps about an observation, the mean over blocks and heads.
 * It computes the thought again.
 * @internal
 */
export async function attentionOf(
  policy: Policy,
  observation: { row: Row; past?: Past },
  ponderSteps: number,
): Promise<StepAttention[]> {
  const { entries } = policy;
  const { row } = observation;
  const packed = entries && packPasts([pastOf(observation)], entries.features, entries.sizes);
  const shares = tf.tidy(() => {
    let thought = policy.begin(
      packed ?? (tensorOf(Float32Array.from(row), [1, row.length]) as tf.Tensor2D),
    );
    const all = Array.from({ length: ponderSteps }, () => {
      const share = policy.attention(thought);
      thought = { ...thought, z: policy.step(thought) };
      return share;
    });
    return tf.concat(all, 0);
  });
  const numbers = await numbersOf(shares);
  const keys = shares.shape[1];
  shares.dispose();
  const tokens = policy.tokens.length;
  const [own] = packed?.own ?? [0];
  const attended = packed ? packed.ranges.end[own] - packed.ranges.begin[own] : 0;
  return Array.from({ length: ponderSteps }, (_, i) => {
    const all = Array.from(numbers.subarray(i * keys, (i + 1) * keys));
    return { tokens: all.slice(0, tokens), entries: all.slice(keys - attended) };
  });
}
