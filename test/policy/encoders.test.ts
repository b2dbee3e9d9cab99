import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, it } from 'vitest';
import {
  Box,
  Dict,
  Discrete,
  Graph,
  MultiBinary,
  MultiDiscrete,
  type ReadAs,
  Sequence,
  type Space,
  Text,
  Tuple,
} from '../../src/envs/index.ts';
import { loadBackend, Rng } from '../../src/kernels/index.ts';
import { encoderFor, Parameters } from '../../src/policy/index.ts';
import { backends } from '../support/backends.ts';
import { distance, set, smallPolicy, toTensor } from '../support/small-policy.ts';

beforeAll(() => loadBackend(backends('wasm')[0]));

const WIDTH = 6;
const box = (...shape: number[]) => new Box({ shape, low: -Infinity, high: Infinity });
const box2 = (as: ReadAs, shape = [2, 2]) => new Box({ shape, low: -Infinity, high: Infinity, as });
const fields = (as: ReadAs) =>
  new MultiDiscrete([2, 5, 2, 5, 2, 5, 2, 5], { shape: [4, 2], start: new Array(8).fill(1), as });
const alike = (...shape: number[]) =>
  new MultiDiscrete(new Array(shape.reduce((a, b) => a * b)).fill(3), { shape });

function make(space: Space, width = WIDTH, seed = 1) {
  const parameters = new Parameters(Rng.seed(seed));
  const encoder = encoderFor(space, width, parameters);
  return {
    parameters,
    encoder,
    /** Tokens of flat rows, [rows][tokens][width]. */
    encode: (...rows: ArrayLike<number>[]) =>
      tf.tidy(() => encoder.encode(toTensor(rows)).arraySync()),
  };
}

/** Rows of values drawn from the space. */
function samples(space: Space, count: number): Float32Array[] {
  const rng = Rng.seed(9);
  return Array.from({ length: count }, () => {
    const row = new Float32Array(space.size);
    space.write(space.sample(rng), row);
    return row;
  });
}

const entity = new Dict({ at: box(2), kind: new Discrete(3) });

const spaces: [string, Space, number][] = [
  ['Box [5]', box(5), 4],
  ['Box [2, 2]', box(2, 2), 2],
  ['Box [2, 2] as a vector', box2('vector'), 4],
  ['Box [2, 2] as a set', box2('set'), 2],
  ['Box [2, 2] as a grid', box2('grid'), 4],
  ['Box [2, 3, 2]', box(2, 3, 2), 6],
  ['Box [2, 1, 2, 1]', box(2, 1, 2, 1), 4],
  ['MultiBinary', new MultiBinary([3]), 4],
  ['MultiBinary [2, 3]', new MultiBinary([2, 3]), 6],
  ['MultiBinary [2, 3, 2]', new MultiBinary([2, 3, 2]), 6],
  ['MultiBinary [2, 3] as a set', new MultiBinary([2, 3], { as: 'set' }), 2],
  ['Discrete', new Discrete(4, -2), 1],
  ['MultiDiscrete [3]', new MultiDiscrete([2, 5, 3]), 3],
  ['MultiDiscrete [4, 2]', new MultiDiscrete([2, 5, 2, 5, 2, 5, 2, 5], { shape: [4, 2] }), 4],
  ['MultiDiscrete [4, 2] as a set', fields('set'), 4],
  ['MultiDiscrete [4, 2] as a grid', fields('grid'), 8],
  ['MultiDiscrete [4, 2] as a vector', fields('vector'), 4],
  ['MultiDiscrete [3, 2] alike', alike(3, 2), 6],
  ['MultiDiscrete [3, 2, 2]', alike(3, 2, 2), 6],
  ['MultiDiscrete [3, 2, 2, 1]', alike(3, 2, 2, 1), 3],
  ['MultiDiscrete [513]', alike(513), 4],
  ['MultiDiscrete [23, 24]', alike(23, 24), 12 * 12],
  ['Sequence', new Sequence(new Discrete(3, 5), { maxLength: 4 }), 4],
  ['Sequence as a set', new Sequence(entity, { maxLength: 3, as: 'set' }), 3],
  ['Sequence of texts', new Sequence(new Text({ maxLength: 2 }), { maxLength: 2 }), 2],
  ['Graph', new Graph({ nodes: entity as Space, edges: box(1), maxNodes: 3, maxEdges: 4 }), 7],
  ['Graph of links', new Graph({ nodes: new Discrete(3, 5), maxNodes: 2, maxEdges: 2 }), 4],
  ['Text', new Text({ maxLength: 5, minLength: 0, charset: 'abc' }), 5],
  ['Dict', new Dict({ a: box(2), b: new Discrete(3), c: box(2, 2, 1) }), 4 + 1 + 4],
  ['Tuple', new Tuple([new Discrete(2), new Dict({ a: box(1) })]), 1 + 4],
];

describe.each(spaces)('%s', (_name, space, tokens) => {
  const rows = samples(space, 3);

  it('becomes its tokens', () => {
    const { encoder, encode } = make(space);
    const found = encode(...rows);
    expect(encoder.tokens).toBe(tokens);
    expect(found.map((row) => row.map((token) => token.length))).toEqual(
      rows.map(() => new Array(tokens).fill(WIDTH)),
    );
    expect(found.flat(2).every(Number.isFinite)).toBe(true);
    expect(encoder.places?.length ?? tokens).toBe(tokens);
  });

  it('is the same alone as in a batch, and for the same seed', () => {
    const { encode } = make(space);
    const together = encode(...rows);
    expect(
      distance(
        rows.map((row) => encode(row)[0]),
        together,
      ),
    ).toBeLessThan(1e-6);
    expect(make(space).encode(...rows)).toEqual(together);
    expect(distance(make(space, WIDTH, 2).encode(...rows), together)).toBeGreaterThan(0.01);
  });

  it('learns: every weight has a gradient', () => {
    const { encoder, parameters } = make(space);
    const all = samples(space, 40);
    const { grads } = tf.variableGrads(
      () => tf.sum(tf.square(encoder.encode(toTensor(all)))) as tf.Scalar,
    );
    for (const { name, variable } of parameters.list) {
      const data = grads[variable.name].dataSync();
      expect(
        data.some((g) => g !== 0),
        name,
      ).toBe(true);
      expect(data.every(Number.isFinite), name).toBe(true);
    }
    parameters.dispose();
  });
});

describe('a vector', () => {
  it('is linear in its numbers, each token seeing all of them', () => {
    const { encode } = make(box(3));
    const [zero, x, double] = encode([0, 0, 0], [1, -2, 3], [2, -4, 6]);
    x.forEach((token, s) => {
      token.forEach((value, d) => {
        expect(double[s][d] - value).toBeCloseTo(value - zero[s][d], 5);
      });
    });
    for (const i of [0, 1, 2]) {
      const row = [0, 0, 0];
      row[i] = 1;
      const [moved] = encode(row);
      moved.forEach((token, s) => {
        expect(distance(token, zero[s])).toBeGreaterThan(0.01);
      });
    }
  });
});

describe('a grid', () => {
  it('has a token a cell, with its place', () => {
    const { encoder } = make(box(2, 3, 1));
    expect(encoder.places).toEqual([
      [0, 0],
      [0, 1],
      [0, 2],
      [1, 0],
      [1, 1],
      [1, 2],
    ]);
  });

  it('has a token where a cell is all zeros too, which a norm can divide', () => {
    const { encode } = make(box(1, 1, 2));
    const [[token]] = [encode([0, 0])];
    expect(Math.hypot(...token[0])).toBeGreaterThan(0.1);
  });

  it('is read by the same weights whatever its size', async () => {
    const small = make(box(3, 3, 2));
    const large = make(box(5, 5, 2), WIDTH, 2);
    large.parameters.write(await small.parameters.read());
    const cell = (r: number, c: number) => [r + 0.5, c - 0.25];
    const grid = (side: number) =>
      Array.from({ length: side * side }, (_, i) => cell(Math.floor(i / side), i % side)).flat();
    const [a] = small.encode(grid(3));
    const [b] = large.encode(grid(5));
    for (let i = 0; i < 9; i++) {
      expect(distance(a[i], b[Math.floor(i / 3) * 5 + (i % 3)])).toBeLessThan(1e-6);
    }
  });
});

describe('tokens', () => {
  /** Table rows with which they can be told apart: row v is [v + 1, v + 1, …] times `factor`. */
  const table = (rows: number, dims: number, factor: number) =>
    Array.from({ length: rows * dims }, (_, i) => factor * (Math.floor(i / dims) + 1));

  it('of several fields are their embeddings side by side', () => {
    const { parameters, encode } = make(
      new MultiDiscrete([2, 5, 2, 5], { shape: [2, 2], as: 'set' }),
      4,
    );
    set(parameters, 'table0', table(2, 2, 1));
    set(parameters, 'table1', table(5, 2, 10));
    expect(encode([0, 4, 1, 2])).toEqual([
      [
        [1, 1, 50, 50],
        [2, 2, 30, 30],
      ],
    ]);
  });

  it('share a table between fields of equally many values', () => {
    const { parameters, encode } = make(
      new MultiDiscrete([5, 3, 5], { shape: [1, 3], as: 'set' }),
      6,
    );
    expect(parameters.list.map(({ name }) => name)).toEqual(['table0', 'table1']);
    const [[token]] = encode([2, 0, 2]);
    expect(token.slice(0, 2)).toEqual(token.slice(4, 6));
  });

  it('give the last field what the division leaves over', () => {
    const { parameters } = make(new MultiDiscrete([5, 3, 5], { shape: [1, 3], as: 'set' }), 8);
    expect(parameters.list.map(({ variable }) => variable.shape)).toEqual([
      [5, 2],
      [3, 2],
      [5, 4],
    ]);
  });

  it('of a set carry no position, others do', () => {
    const set2 = make(new MultiDiscrete([4, 4], { shape: [2, 1], as: 'set' }));
    const [[a, b]] = set2.encode([3, 3]);
    expect(a).toEqual(b);
    for (const shape of [[2], [2, 1], [1, 2, 1]]) {
      const [[c, d]] = make(new MultiDiscrete([4, 4], { shape })).encode([3, 3]);
      expect(distance(c, d)).toBeGreaterThan(0.1);
    }
  });

  it.each([
    ['all alike', [5, 5, 5, 5]],
    ['each its own', [5, -3, 0, 7]],
  ])('count from their starts, %s', (_name, start) => {
    for (const shape of [[4], [2, 2]]) {
      const nvec = [3, 3, 3, 3];
      const from = make(new MultiDiscrete(nvec, { shape, start }));
      const zero = make(new MultiDiscrete(nvec, { shape }));
      const value = [2, 1, 0, 2];
      expect(from.encode(value.map((v, i) => v + start[i]))).toEqual(zero.encode(value));
    }
  });

  it('refuse what they cannot hold', () => {
    expect(() => make(new MultiDiscrete([2, 2, 2], { shape: [1, 3], as: 'set' }), 2)).toThrow(
      new RangeError(
        'tokenEncoder: width: expected at least 3, one for each field of a token, got 2',
      ),
    );
  });
});

describe('a Dict', () => {
  it('is its parts one after another, each marked', async () => {
    const parts = { cell: box(1, 2, 1), cue: new Discrete(3) };
    const { parameters, encoder, encode } = make(new Dict(parts));
    const weights = await parameters.read();
    const [tokens] = encode([0.5, -1, 2]);
    for (const [key, row, begin] of [
      ['cell', [0.5, -1], 0],
      ['cue', [2], 2],
    ] as const) {
      const own = make(parts[key]);
      own.parameters.write(
        Object.fromEntries(
          own.parameters.list.map(({ name }) => [name, weights[`${key}.${name}`]]),
        ),
      );
      const mark = weights[`${key}.mark`].data;
      const expected = own.encode(row)[0].map((token) => token.map((x, d) => x + mark[d]));
      expect(distance(tokens.slice(begin, begin + expected.length), expected)).toBeLessThan(1e-6);
    }
    expect(encoder.places).toEqual([[0, 0], [0, 1], undefined]);
  });

  it('keeps keys apart that dots make alike', () => {
    const two = new Discrete(2);
    const { parameters } = make(new Dict({ 'a.b': two, a: new Dict({ b: two }) }));
    expect(parameters.list.map(({ name }) => name)).toEqual([
      'a.b.table0',
      'a.b.positions',
      'a.b.mark',
      'a.mark',
      'a.b.table0~2',
      'a.b.positions~2',
      'a.b.mark~2',
    ]);
  });

  it('without a grid has no places', () => {
    expect(make(new Tuple([box(2), new Discrete(2)])).encoder.places).toBeUndefined();
  });
});

describe('a grid of more than 512 cells of choices', () => {
  it('has a token for each patch of cells, which sees each of its cells and no other', () => {
    const space = alike(23, 24);
    const { encoder, encode } = make(space);
    expect(encoder.places?.slice(11, 13)).toEqual([
      [0, 11],
      [1, 0],
    ]);
    const zero = new Array<number>(space.size).fill(0);
    const [plain] = encode(zero);
    const changed = (row: number, column: number) => {
      const [tokens] = encode(zero.with(row * 24 + column, 2));
      return tokens.flatMap((token, i) => (distance(token, plain[i]) > 1e-3 ? [i] : []));
    };
    expect(changed(0, 0)).toEqual([0]);
    expect(changed(1, 1)).toEqual([0]);
    expect(changed(1, 2)).toEqual([1]);
    expect(changed(22, 23)).toEqual([143]);
  });
});

describe('tokens that have a position', () => {
  it('are told, so that no core adds another', () => {
    expect(make(alike(3, 2)).encoder.positioned).toBe(true);
    expect(make(box(3, 2, 1)).encoder.positioned).toBeUndefined();
    expect(make(new Dict({ a: alike(2, 2), b: box(2) })).encoder.positioned).toBe(true);
    expect(make(new Dict({ a: alike(2, 2), b: box(2, 2, 1) })).encoder.positioned).toBe(false);
    const named = (observationSpace: Space) => {
      const { parameters } = smallPolicy({ observationSpace });
      return parameters.list.map(({ name }) => name).filter((name) => name.includes('positions'));
    };
    expect(named(alike(3, 2))).toEqual(['encoder.positions']);
    expect(named(box(3, 2, 1))).toEqual(['core.positions']);
  });
});

describe('choices as a vector', () => {
  it('are a number for each value of each entry', () => {
    const space = new MultiDiscrete([2, 3], { start: [5, -1], as: 'vector' });
    const { parameters, encode } = make(space, 1);
    set(
      parameters,
      'weight',
      [1, 2, 4, 8, 16].flatMap((w) => [w, 0, 0, 0]),
    );
    set(parameters, 'bias', 0);
    expect(encode([5, -1], [6, 1]).map(([[x]]) => x)).toEqual([1 + 4, 2 + 16]);
  });
});

describe('what an observation becomes, in words', () => {
  const text = new Text({ maxLength: 5, charset: 'abc' });
  it.each<[string, Space]>([
    ['vector of 5 numbers', box(5)],
    ['vector of 3 numbers', new MultiBinary([3])],
    ['vector of 8 choices', fields('vector')],
    ['one of 4', new Discrete(4)],
    ['sequence of 2 rows of 3 numbers', box(2, 3)],
    ['set of 2 rows of one number, rows of zeros masked', box2('set', [2])],
    ['9 × 8 grid of one number, 72 tokens with places', box(9, 8, 1)],
    ['3 × 2 grid of one choice, 6 tokens with places', alike(3, 2)],
    ['23 × 24 grid of one choice, 144 tokens of 2 × 2 cells with places', alike(23, 24)],
    ['set of 4 tokens of 2 choices', fields('set')],
    ['sequence of 3 tokens of one choice', alike(3)],
    ['text of at most 5 of 3 characters, padding masked', text],
    [
      'set of at most 3 (at: vector of 2 numbers; kind: one of 3), padding masked',
      new Sequence(entity, { maxLength: 3, as: 'set' }),
    ],
    [
      'graph of at most 10 nodes (vector of 4 numbers) and 20 edges (one of 3), padding masked',
      new Graph({ nodes: box(4), edges: new Discrete(3), maxNodes: 10, maxEdges: 20 }),
    ],
    [
      'graph of at most 2 nodes (one of 4) and 3 edges, padding masked',
      new Graph({ nodes: new Discrete(4), maxNodes: 2, maxEdges: 3 }),
    ],
    [
      'a: one of 2; b: (0: one of 3; 1: vector of 2 numbers)',
      new Dict({ a: new Discrete(2), b: new Tuple([new Discrete(3), box(2)]) }),
    ],
  ])('%s', (summary, space) => {
    expect(make(space).encoder.summary).toBe(summary);
  });
});

describe('what is there of a Dict', () => {
  it('is what is there of its parts', () => {
    const { encoder } = make(
      new Dict({
        a: new Discrete(3),
        b: box2('set', [3, 2]),
        c: new Text({ maxLength: 2, minLength: 0, charset: 'xy' }),
      }),
    );
    const rows = toTensor([
      [2, 1, 0, 0, 0, 0, -1, 1, 1, 0],
      [0, 0, 0, 0, 0, 0, 0, 0, 0, 0],
    ]);
    expect(encoder.present!(rows).arraySync()).toEqual([
      [1, 1, 0, 1, 1, 0],
      [1, 0, 0, 0, 0, 0],
    ]);
  });

  it('is not said where all of it is', () => {
    expect(make(new Dict({ a: box(2), b: alike(2, 2) })).encoder.present).toBeUndefined();
  });
});

it('refuses a space of another type', () => {
  const space = Object.assign(Object.create(new Discrete(2)), { type: 'own' }) as Space;
  for (const unknown of [space, new Dict({ a: new Discrete(2), b: space })]) {
    expect(() => make(unknown)).toThrow(
      new TypeError(
        'encoderFor: expected an observation space with a built-in encoder, got own; use your own encoder (policy.encoder)',
      ),
    );
  }
});
