import * as tf from '@tensorflow/tfjs-core';
import type { Discrete, MultiDiscrete } from '../../envs/index.ts';
import { embedFields, reshaped } from '../../kernels/ops/index.ts';
import type { Parameters } from '../parameters/parameters.ts';
import { type Encoder, placesOf } from './encoder.ts';
import { patchesOf } from './patches.ts';
import { readingOf } from './reading.ts';

/** The deviation of the first positions. Of a grid, 0.5 hid which cell differs (docs/learning.md). */
const POSITION_STD = 0.5;
const GRID_POSITION_STD = 0.2;

/** The tokens of a space of choices, and their fields. */
interface Layout {
  tokens: number;
  fields: number;
  /** Whether tokens have a learned position. */
  placed: boolean;
  /** The extents of a grid's tokens. */
  extents?: [rows: number, columns: number];
  /** The entry of the space for each field of each token, where it is another than its own. */
  order?: number[];
  labels?: string[];
  summary: string;
}

/**
 * An encoder of categorical fields. A set or a sequence [S, F] is S tokens with F fields; a grid [R, C] or [R, C, F] has a
 * token for each cell, or for each patch of cells where there are more than 512; a Discrete is one token with one field.
 * Tokens have a learned position, except those of a set.
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
  const { tokens, fields, placed, extents, order, labels, summary } = layoutOf(space);
  const arrange = (entries: ArrayLike<number>) =>
    order === undefined ? Array.from(entries) : order.map((i) => entries[i]);
  const nvec = space.type === 'discrete' ? [space.n] : arrange(space.nvec);
  const start = space.type === 'discrete' ? [space.start] : arrange(space.start);
  const fromZero = start.every((s) => s === 0);
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
  const std = extents ? GRID_POSITION_STD : POSITION_STD;
  const positions = placed ? parameters.normal('positions', [tokens, width], std) : null;
  return {
    tokens,
    summary,
    multiplyAdds: 0, // looked up
    places: extents && placesOf(...extents),
    positioned: placed,
    labels,
    encode: (rows) => {
      const arranged = order ? tf.gather(rows, tf.tensor1d(order, 'int32'), 1) : rows;
      const shifted = fromZero ? arranged : tf.sub(arranged, tf.tensor1d(start));
      const cells = reshaped(shifted, [-1, fields]) as tf.Tensor2D;
      const set = reshaped(embedFields(cells, tables), [-1, tokens, width]) as tf.Tensor3D;
      return positions === null ? set : tf.add(set, positions);
    },
  };
}

function layoutOf(space: Discrete | MultiDiscrete): Layout {
  if (space.type === 'discrete') {
    return { tokens: 1, fields: 1, placed: true, labels: ['value'], summary: `one of ${space.n}` };
  }
  const { shape, size } = space;
  const reading = readingOf(space);
  if (reading === 'grid') {
    const { extents, side, order } = patchesOf(shape);
    const tokens = extents[0] * extents[1];
    const fields = order.length / tokens;
    const cells = `${shape[0]} × ${shape[1]} grid of ${choices(size / (shape[0] * shape[1]))}`;
    const cut = side > 1 ? ` of ${side} × ${side} cells` : '';
    const summary = `${cells}, ${tokens} tokens${cut} with places`;
    return { tokens, fields, extents, order: side > 1 ? order : undefined, placed: true, summary };
  }
  const tokens = shape[0];
  const fields = size / tokens;
  const name = (i: number) => (shape.length === 1 ? `x[${i}]` : `token ${i}`);
  const labels = Array.from({ length: tokens }, (_, i) => name(i));
  const summary = `${reading} of ${tokens} tokens of ${choices(fields)}`;
  return { tokens, fields, placed: reading === 'sequence', labels, summary };
}

function choices(count: number): string {
  return count === 1 ? 'one choice' : `${count} choices`;
}
