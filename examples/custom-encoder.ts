/**
 * An encoder of one's own, in place of the one for the observation space: each number of a vector
 * becomes a token of its Fourier features, sin(2ᵏ·x) and cos(2ᵏ·x) for k < frequencies (Tancik et al.
 * 2020, https://arxiv.org/abs/2006.10739), which show a network small differences that it would
 * otherwise smooth over.
 *
 *     npm run pondera -- train examples/custom-encoder.yaml
 *
 * Where the package is installed, copy both files and run `npx pondera …`.
 */
import type { Encoder, Parameters, Space } from 'pondera';
import { linear, tf } from 'pondera/kernels';

interface Options {
  frequencies?: number;
}

/**
 * The default export makes one encoder; `options` are the config's policy.encoder.options.
 *
 * @param space of the observations: any whose rows are S numbers of a scale around 1
 * @param width numbers in a token (D)
 * @param parameters makes the encoder's trainable variables, by name
 */
export default function fourier(
  space: Space,
  width: number,
  parameters: Parameters,
  { frequencies = 4 }: Options = {},
): Encoder {
  const tokens = space.size; // S
  const weight = parameters.normal('weight', [2 * frequencies, width]);
  const mark = parameters.normal('mark', [tokens, width], 1); // tells which number a token is
  const scales = Array.from({ length: frequencies }, (_, k) => 2 ** k);

  return {
    tokens,
    encode(rows) {
      const angles = tf.mul(tf.expandDims(rows, 2), tf.tensor1d(scales)); // [B, S, F]
      const features = tf.concat([tf.sin(angles), tf.cos(angles)], 2); // [B, S, 2F]
      return tf.add(linear(features, weight), mark); // [B, S, D]
    },
  };
}
