import * as tf from '@tensorflow/tfjs-core';
import { ABSENT } from '../../kernels/ops/index.ts';
import { type Encoder, labelsOf } from '../encoders/index.ts';
import type { Token } from './core.ts';

/** The tokens of the observation. */
export function observedTokens(encoder: Encoder): Token[] {
  return labelsOf(encoder).map((label, i) => ({ label, place: encoder.places?.[i] }));
}

/**
 * What attention adds to the scores of a thought's keys.
 * @param present 1 for each token of the observation that is there, else 0 [B, S]
 * @returns 0 or `ABSENT` for each key, with `before` and `after` keys of its own tokens [B, before + S + after]
 */
export function maskOf(present: tf.Tensor2D, before: number, after: number): tf.Tensor2D {
  const absent = tf.mul(tf.sub(1, present), ABSENT) as tf.Tensor2D;
  return before + after > 0
    ? tf.pad(absent, [
        [0, 0],
        [before, after],
      ])
    : absent;
}

/** The thought's own: the readout and its registers. */
export function ownTokens(registers: number): Token[] {
  const labels = ['readout', ...Array.from({ length: registers }, (_, i) => `register ${i}`)];
  return labels.map((label) => ({ label, own: true }));
}
