import * as tf from '@tensorflow/tfjs-core';
import { attention, linear, repeat, reshaped } from '../../kernels/ops/index.ts';
import { type CoreSizes, norm, projection } from '../core/block-weights.ts';
import { maskOf } from '../core/core-tokens.ts';
import type { Encoder } from '../encoders/index.ts';
import type { Parameters } from '../parameters/parameters.ts';

/** Up to so many tokens, each has weights of its own. */
const FEW_TOKENS = 16;
/** Learned queries that pool more tokens. */
const QUERIES = 4;

/** Sums up the tokens of observations. @param present 1 for each token that is there [M, S] @returns [M, D] */
export type EntrySummary = (tokens: tf.Tensor3D, present: tf.Tensor2D | undefined) => tf.Tensor;

/**
 * Multiply-adds of a summary; `entrySummary` says of what.
 * @param width numbers in a token (D)
 */
export function summaryMultiplyAdds({ tokens, present }: Encoder, width: number): number {
  const square = width * width;
  if (isFew({ tokens, present })) return tokens * square;
  return 2 * tokens * square + 2 * QUERIES * tokens * width + QUERIES * square;
}

/** Whether each token has weights of its own. */
function isFew({ tokens, present }: Pick<Encoder, 'tokens' | 'present'>): boolean {
  return present === undefined && tokens <= FEW_TOKENS;
}

/**
 * Makes a summary of a few tokens that are always there by a linear map of all their numbers: a sum of tokens would not say
 * which of two fields has which value, where they share a table. Of more, or of a varying number, by the attention of learned
 * queries (pooling of the Set Transformer, Lee et al. 2019, arXiv 1810.00825).
 */
export function entrySummary(
  encoder: Encoder,
  { width, heads }: Pick<CoreSizes, 'width' | 'heads'>,
  parameters: Parameters,
): EntrySummary {
  const tokenNorm = norm(parameters, 'tokens', width);
  const { tokens: count } = encoder;
  const flat = (x: tf.Tensor, numbers: number) => reshaped(x, [x.shape[0], numbers]);
  if (isFew(encoder)) {
    const weight = parameters.normal('weight', [count * width, width]);
    return (tokens) => linear(flat(tokenNorm(tokens), count * width), weight);
  }
  const queries = parameters.normal('queries', [QUERIES, width], 1);
  const key = projection(parameters, 'key', width, width);
  const value = projection(parameters, 'value', width, width);
  const weight = parameters.normal('weight', [QUERIES * width, width]);
  const positions =
    encoder.positioned || encoder.present
      ? undefined
      : parameters.normal('positions', [count, width], 0.5);
  return (tokens, present) => {
    const normed = tokenNorm(tokens);
    const seen = positions ? tf.add(normed, positions) : normed;
    const mask = present && maskOf(present, 0, 0);
    const asked = repeat(queries, tokens.shape[0]);
    const read = attention(asked, key(seen), value(seen), heads, undefined, mask);
    return linear(flat(read, QUERIES * width), weight);
  };
}
