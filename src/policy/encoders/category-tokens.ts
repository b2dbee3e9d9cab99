import * as tf from '@tensorflow/tfjs-core';
import type { Discrete, MultiDiscrete } from '../../envs/index.ts';
import { embedFields, reshaped } from '../../kernels/ops/index.ts';
import type { Parameters } from '../parameters/parameters.ts';
import type { Encoder } from './encoder.ts';

/**
 * An encoder of categorical fields. A MultiDiscrete [S, F] is a set of S tokens with F fields, without positions; a
 * MultiDiscrete [S] is S tokens with one field, each with a learned position; a Discrete is one token with one field.
 *
 * Each field has an embedding of D/F numbers. Fields and tokens with the same number of values share a table: a name and
 * a pointer to it then look alike, which makes the pointer easy to follow. Without sharing, pointer chasing was not
 * learned at all.
 */
export function tokenEncoder(
  space: Discrete | MultiDiscrete,
  width: number,
  parameters: Parameters,
): Encoder {
  const shape = space.type === 'discrete' ? [1] : space.shape;
  const nvec = space.type === 'discrete' ? [space.n] : Array.from(space.nvec);
  const start = space.type === 'discrete' ? [space.start] : Array.from(space.start);
  const fromZero = start.every((s) => s === 0);
  if (shape.length > 2) {
    throw new RangeError(`tokenEncoder: expected a space of rank 1 or 2, got shape [${shape}]`);
  }
  const tokens = shape[0];
  const fields = shape[1] ?? 1;
  const part = Math.floor(width / fields);
  if (part < 1) {
    throw new RangeError(
      `tokenEncoder: width: expected at least ${fields}, one for each field of a token, got ${width}`,
    );
  }
  const tables: tf.Variable[] = [];
  // Field f of every token is looked up in one table, sized by the largest of them.
  const sizes = Array.from({ length: fields }, (_, f) => {
    let largest = 0;
    for (let s = 0; s < tokens; s++) largest = Math.max(largest, nvec[s * fields + f]);
    return largest;
  });
  const bySize = new Map<string, tf.Variable>();
  for (let f = 0; f < fields; f++) {
    // The last part takes the remainder of the division; if it is wider, it has a table of its own.
    const dims = f === fields - 1 ? width - part * (fields - 1) : part;
    const key = `${sizes[f]} × ${dims}`;
    let table = bySize.get(key);
    if (table === undefined) {
      table = parameters.normal(`table${f}`, [sizes[f], dims], 1);
      bySize.set(key, table);
    }
    tables.push(table);
  }
  const positions =
    shape.length === 1 ? parameters.normal('positions', [tokens, width], 0.5) : null;
  return {
    tokens,
    labels: labelsFor(space, tokens),
    encode: (rows) => {
      const shifted = fromZero ? rows : tf.sub(rows, tf.tensor1d(start));
      const cells = reshaped(shifted, [-1, fields]) as tf.Tensor2D;
      const set = reshaped(embedFields(cells, tables), [-1, tokens, width]) as tf.Tensor3D;
      return positions === null ? set : tf.add(set, positions);
    },
  };
}

function labelsFor(space: Discrete | MultiDiscrete, tokens: number): string[] {
  if (space.type === 'discrete') return ['value'];
  const name = (i: number) => (space.shape.length === 1 ? `x[${i}]` : `token ${i}`);
  return Array.from({ length: tokens }, (_, i) => name(i));
}
