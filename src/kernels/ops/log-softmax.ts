import * as tf from '@tensorflow/tfjs-core';
import { assertShape } from '../common/checks.ts';

/** The log-probability of an action that a mask forbids. It is finite, so that 0 · log 0 is 0. */
export const MASKED_LOG_PROB = -1e9;

/**
 * `log softmax(x) = x − max − log Σ exp(x − max)` over the last axis. Its gradient is `dy − softmax · Σ dy`.
 *
 * @param logits [B, A]
 * @returns [B, A]
 */
export function logSoftmax(logits: tf.Tensor): tf.Tensor {
  return tf.logSoftmax(logits);
}

/**
 * `logSoftmax` over the allowed actions. The others get `MASKED_LOG_PROB`: probability 0 and gradient 0.
 *
 * @param logits [B, A]
 * @param mask [B, A], 1 (or true) for each action that is allowed, at least one in each row; default: all
 * @returns [B, A]
 * @throws RangeError where the shapes differ
 */
export function maskedLogSoftmax(logits: tf.Tensor, mask?: tf.Tensor): tf.Tensor {
  if (!mask) return logSoftmax(logits);
  assertShape('maskedLogSoftmax', 'mask', mask, logits.shape);
  return tf.tidy(() => {
    const allowed = tf.cast(mask, 'float32');
    const penalty = tf.mul(tf.sub(1, allowed), MASKED_LOG_PROB);
    const masked = (x: tf.Tensor) => tf.add(tf.mul(x, allowed), penalty);
    // The outer masking drops the gradient that comes back for forbidden actions.
    return masked(logSoftmax(masked(logits)));
  });
}
