import * as tf from '@tensorflow/tfjs-core';
import { describe } from '../../envs/common/index.ts';
import type { Space } from '../../envs/index.ts';
import type { Encoder } from './encoder.ts';

/**
 * Checks that a value is an encoder, and tries it on an observation of zeros.
 * @param made the result of a developer's factory
 * @throws RangeError that names the part that is missing or wrong
 */
export function checkedEncoder(made: unknown, { size }: Space, width: number): Encoder {
  if (typeof made !== 'object' || made === null) {
    throw refused(`an encoder (an object with tokens and encode), got ${describe(made)}`);
  }
  const { tokens, encode } = made as Partial<Encoder>;
  if (!Number.isInteger(tokens) || tokens! < 1) {
    throw refused(`tokens to be an integer ≥ 1, got ${describe(tokens)}`);
  }
  if (typeof encode !== 'function') {
    throw refused(`encode to be a function, got ${describe(encode)}`);
  }
  const encoder = made as Encoder;
  const given = tf.tidy(() => encoder.encode(tf.zeros([1, size]))?.shape);
  if (given?.join() !== [1, tokens, width].join()) {
    const got = given === undefined ? 'no tensor' : `[${given.join(', ')}]`;
    throw refused(`encode to make [1, ${tokens}, ${width}] (tokens, width) of one row, got ${got}`);
  }
  return encoder;
}

function refused(expected: string): RangeError {
  return new RangeError(`policy.encoder: expected ${expected}`);
}
