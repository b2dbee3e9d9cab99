import * as tf from '@tensorflow/tfjs-core';
import type { Dict, Space, Tuple } from '../../envs/index.ts';
import type { Parameters } from '../parameters/parameters.ts';
import { type Encoder, labelsOf, summaryOf } from './encoder.ts';

/** An encoder of a Dict or Tuple: the tokens of each part, plus a learned vector that marks the part. */
export function dictEncoder(
  space: Dict | Tuple,
  width: number,
  parameters: Parameters,
  encoderFor: (space: Space, width: number, parameters: Parameters) => Encoder,
): Encoder {
  const named: [string, Space][] =
    space.type === 'dict'
      ? [...space.spaces]
      : space.spaces.map((part, i): [string, Space] => [String(i), part]);
  let begin = 0;
  const parts = named.map(([key, part]) => {
    const scope = parameters.scope(key);
    const encoder = encoderFor(part, width, scope);
    const labels = labelsOf(encoder).map((label) => `${key}: ${label}`);
    const mark = scope.normal('mark', [width], 0.5);
    const nested = part.type === 'dict' || part.type === 'tuple';
    const summary = `${key}: ${nested ? `(${summaryOf(encoder)})` : summaryOf(encoder)}`;
    const entry = { encoder, labels, summary, begin, size: part.size, mark };
    begin += part.size;
    return entry;
  });
  const padded = parts.some(({ encoder }) => encoder.present !== undefined);
  const placed = parts.some(({ encoder }) => encoder.places !== undefined);
  return {
    tokens: parts.reduce((sum, { encoder }) => sum + encoder.tokens, 0),
    places: placed
      ? parts.flatMap(
          ({ encoder }) =>
            encoder.places ?? Array.from({ length: encoder.tokens }, () => undefined),
        )
      : undefined,
    positioned: parts.every(({ encoder }) => !encoder.places || encoder.positioned),
    labels: parts.flatMap(({ labels }) => labels),
    summary: parts.map(({ summary }) => summary).join('; '),
    encode: (rows) => {
      const groups = parts.map(({ encoder, begin, size, mark }) =>
        tf.add(encoder.encode(tf.slice(rows, [0, begin], [-1, size])), mark),
      );
      return tf.concat(groups, 1) as tf.Tensor3D;
    },
    present: padded
      ? (rows) => {
          const groups = parts.map(
            ({ encoder, begin, size }) =>
              encoder.present?.(tf.slice(rows, [0, begin], [-1, size])) ??
              tf.ones([rows.shape[0], encoder.tokens]),
          );
          return tf.concat(groups, 1) as tf.Tensor2D;
        }
      : undefined,
  };
}
