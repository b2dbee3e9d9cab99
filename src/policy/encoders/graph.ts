import * as tf from '@tensorflow/tfjs-core';
import type { Graph, Sequence, Space } from '../../envs/index.ts';
import { embedFields, reshaped } from '../../kernels/ops/index.ts';
import type { Parameters } from '../parameters/parameters.ts';
import type { Encoder } from './encoder.ts';
import { entriesOf } from './entries.ts';
import { firstOnes } from './first-ones.ts';

/**
 * An encoder of graphs: each node and each edge is a token; beyond the last of either, tokens are padding. To what it is, a
 * token adds the names of two nodes, half its width each: a node its own name twice, an edge those of the nodes that it
 * links. Attention follows an edge by these names, so all share one table. The idea is that of TokenGT (Kim et al. 2022,
 * https://arxiv.org/abs/2207.02505), whose names are orthonormal; these are learned, and nearly so at the start.
 * @throws RangeError for an odd width
 */
export function graphEncoder(
  { parts, maxNodes, maxEdges }: Graph,
  width: number,
  parameters: Parameters,
  encoderFor: (space: Space, width: number, parameters: Parameters) => Encoder,
): Encoder {
  if (width % 2 !== 0) {
    throw new RangeError(`graphEncoder: width: expected an even number for a Graph, got ${width}`);
  }
  let begin = 0;
  /** A part of a graph, by its columns of the rows. */
  const part = (key: string) => {
    const space = parts.spaces.get(key) as Sequence;
    const at = begin;
    begin += space.size;
    return { space, of: (rows: tf.Tensor2D) => tf.slice(rows, [0, at], [-1, space.size]) };
  };
  const entries = (key: string) => {
    const { space, of } = part(key);
    const { summary, encode } = entriesOf(space, width, parameters.scope(key), encoderFor);
    return { summary, of, encode: (rows: tf.Tensor2D) => encode(of(rows)) };
  };
  // In the order of the rows.
  const nodes = entries('nodes');
  const edges = parts.spaces.has('edges') ? entries('edges') : undefined;
  const links = part('edgeLinks');
  const names = parameters.normal('names', [maxNodes, width / 2], 1);
  const [nodeMark, edgeMark] = ['node', 'edge'].map((kind) =>
    parameters.normal(`${kind}Mark`, [width], 0.5),
  );
  return {
    tokens: maxNodes + maxEdges,
    summary: `graph of at most ${maxNodes} nodes (${nodes.summary}) and ${maxEdges} edges${
      edges ? ` (${edges.summary})` : ''
    }, padding masked`,
    labels: [
      ...Array.from({ length: maxNodes }, (_, i) => `node ${i}`),
      ...Array.from({ length: maxEdges }, (_, i) => `edge ${i}`),
    ],
    encode: (rows) => {
      const named = tf.add(tf.concat([names, names], 1), nodeMark);
      const nodeTokens = tf.add(nodes.encode(rows), named);
      const ends = tf.slice(links.of(rows), [0, 1], [-1, 2 * maxEdges]);
      const linked = embedFields(reshaped(ends, [-1, 2]) as tf.Tensor2D, [names, names]);
      const plain = tf.add(reshaped(linked, [-1, maxEdges, width]), edgeMark);
      const edgeTokens = edges ? tf.add(edges.encode(rows), plain) : plain;
      return tf.concat([nodeTokens, edgeTokens], 1) as tf.Tensor3D;
    },
    present: (rows) =>
      tf.concat([firstOnes(nodes.of(rows), maxNodes), firstOnes(links.of(rows), maxEdges)], 1),
  };
}
