import fc from 'fast-check';
import { describe, expect, expectTypeOf, it } from 'vitest';
import {
  type AnySpace,
  Box,
  Dict,
  Discrete,
  type DType,
  Graph,
  MultiBinary,
  MultiDiscrete,
  type ReadAs,
  Sequence,
  type Space,
  spaceFromJson,
  Text,
  Tuple,
} from '../../src/envs/index.ts';
import { Rng } from '../../src/kernels/index.ts';

const seeds = fc.integer({ min: 0, max: 2 ** 31 });
const shapes = fc.array(fc.integer({ min: 1, max: 3 }), { maxLength: 3 });
const small = fc.integer({ min: 1, max: 5 });
const starts = fc.integer({ min: -9, max: 9 });

const ranges: Partial<Record<DType, [number, number]>> = {
  int8: [-128, 127],
  uint8: [0, 255],
  int16: [-32768, 32767],
  uint16: [0, 65535],
  int32: [-(2 ** 31), 2 ** 31 - 1],
};

const boxes: fc.Arbitrary<AnySpace> = fc
  .tuple(
    shapes,
    fc.constantFrom<DType>('float32', 'float64', 'int8', 'uint8', 'int16', 'uint16', 'int32'),
  )
  .chain(([shape, dtype]) => {
    const size = shape.reduce((product, n) => product * n, 1);
    const range = ranges[dtype];
    const entry = range
      ? fc.integer({ min: range[0], max: range[1] })
      : fc.oneof(fc.double({ noNaN: true, min: -1e30, max: 1e30 }), fc.constant(Infinity));
    const pairs = fc.array(fc.tuple(entry, entry), { minLength: size, maxLength: size });
    return fc.tuple(pairs, fc.boolean()).map(([bounds, openBelow]) => {
      const low = bounds.map(([a, b]) => {
        const least = Math.min(a, b);
        return openBelow && !range ? -Infinity : Number.isFinite(least) ? least : 0;
      });
      const high = bounds.map(([a, b], i) => Math.max(a, b, low[i]));
      return new Box({ shape, dtype, low, high });
    });
  });

const leaves: fc.Arbitrary<AnySpace> = fc.oneof(
  boxes,
  fc.tuple(small, starts).map(([n, start]) => new Discrete(n, start)),
  fc.array(fc.tuple(small, starts), { minLength: 1, maxLength: 4 }).map((parts) => {
    const start = parts.map(([, first]) => first);
    return new MultiDiscrete(
      parts.map(([n]) => n),
      { start, shape: [1, parts.length] },
    );
  }),
  shapes.map((shape) => new MultiBinary(shape)),
  fc
    .tuple(
      fc.uniqueArray(fc.string({ unit: 'grapheme', minLength: 1, maxLength: 1 }), { minLength: 1 }),
      fc.nat(3),
    )
    .map(([characters, minLength]) => {
      const charset = [...new Set(characters.join(''))].join('');
      return new Text({ minLength, maxLength: minLength + 2, charset });
    }),
);

const keys = fc.string({ maxLength: 5 }).filter((key) => key !== '__proto__');

const { spaces } = fc.letrec<{ spaces: AnySpace }>((tie) => ({
  spaces: fc.oneof(
    { depthSize: 'small' },
    leaves,
    fc
      .uniqueArray(fc.tuple(keys, tie('spaces')), { maxLength: 3, selector: ([key]) => key })
      .map((entries) => new Dict(entries)),
    fc.array(tie('spaces'), { maxLength: 3 }).map((parts) => new Tuple(parts)),
    fc
      .tuple(tie('spaces'), fc.integer({ min: 1, max: 3 }), fc.constantFrom('set', 'sequence'))
      .map(([space, maxLength, as]) => new Sequence(space as Space, { maxLength, as }) as AnySpace),
    fc
      .tuple(
        tie('spaces'),
        fc.option(tie('spaces'), { nil: undefined }),
        fc.integer({ min: 1, max: 3 }),
      )
      .map(([nodes, edges, most]) => {
        const said = { nodes: nodes as Space, edges: edges as Space | undefined };
        return new Graph({ ...said, maxNodes: most, maxEdges: 4 - most }) as AnySpace;
      }),
  ),
}));

describe('every space', () => {
  it('contains what it samples, and what its schema parses that into', () => {
    fc.assert(
      fc.property(spaces, seeds, (space: Space, seed) => {
        const value = space.sample(Rng.seed(seed));
        expect(space.explain(value)).toBeUndefined();
        expect(space.contains(value)).toBe(true);
        expect(space.schema.parse(value)).toEqual(value);
      }),
    );
  });

  it('samples the same value from the same seed', () => {
    fc.assert(
      fc.property(spaces, seeds, (space, seed) => {
        expect(space.sample(Rng.seed(seed))).toEqual(space.sample(Rng.seed(seed)));
      }),
    );
  });

  it('fills exactly its part of a row, and reads back a value of the space', () => {
    fc.assert(
      fc.property(spaces, seeds, (space: Space, seed) => {
        const value = space.sample(Rng.seed(seed));
        const row = new Float32Array(space.size + 4).fill(-77);
        space.write(value, row, 2);
        expect([row[0], row[1], row.at(-2), row.at(-1)]).toEqual([-77, -77, -77, -77]);
        const back = space.read(row, 2);
        expect(space.explain(back)).toBeUndefined();
        const again = new Float32Array(space.size);
        space.write(back, again);
        expect(again).toEqual(row.slice(2, -2));
      }),
    );
  });

  it('comes back exactly from its JSON', () => {
    fc.assert(
      fc.property(spaces, seeds, (space, seed) => {
        const json = JSON.parse(JSON.stringify(space));
        const back = spaceFromJson(json);
        expect(JSON.parse(JSON.stringify(back))).toEqual(json);
        expect(back.constructor).toBe(space.constructor);
        expect(back.size).toBe(space.size);
        expect(back.sample(Rng.seed(seed))).toEqual(space.sample(Rng.seed(seed)));
      }),
    );
  });

  it('agrees with its schema and its explanation on what it contains', () => {
    const values = fc.oneof(
      fc.anything({
        withTypedArray: true,
        withNullPrototype: true,
        withBigInt: true,
        withMap: true,
        withDate: true,
        withSparseArray: true,
      }),
      fc.array(fc.integer({ min: 0, max: 3 })),
      fc.integer({ min: -3, max: 6 }),
    );
    fc.assert(
      fc.property(spaces, values, (space: Space, value) => {
        const contained = space.contains(value);
        expect(space.schema.safeParse(value).success).toBe(contained);
        const reason = space.explain(value);
        if (contained) expect(reason).toBeUndefined();
        else expect(reason).toMatch(/expected .*, got /s);
      }),
    );
  });
});

describe('what a space samples', () => {
  it('may take the place of an array that was made by hand, for the compiler too', () => {
    const rng = Rng.seed(0);
    let floats = new Float32Array(2);
    let integers = new Int32Array(2);
    let flags = new Int8Array(2);
    floats = new Box({ shape: [2], low: 0, high: 1 }).sample(rng);
    integers = new MultiDiscrete([3, 3]).sample(rng);
    flags = new MultiBinary(2).sample(rng);
    expect([floats, integers, flags].map(({ length }) => length)).toEqual([2, 2, 2]);
  });
});

describe('Box', () => {
  const box = new Box({ shape: [2, 2], low: [0, -1, 0, 0], high: [1, 1, Infinity, 9] });

  it('has closed bounds, one for each entry', () => {
    expect(box.contains(Float32Array.of(0, -1, 0, 0))).toBe(true);
    expect(box.contains(Float32Array.of(1, 1, Infinity, 9))).toBe(true);
    expect(box.explain(Float32Array.of(0, -1.5, 0, 0))).toBe(
      'expected entry [0, 1] in -1..1, got -1.5',
    );
    expect(box.explain(Float32Array.of(0, 0, 0, 9.5))).toBe(
      'expected entry [1, 1] in 0..9, got 9.5',
    );
  });

  it('never contains NaN', () => {
    const line = new Box({ shape: [1], low: -Infinity, high: Infinity });
    expect(line.explain(Float32Array.of(Number.NaN))).toBe(
      'expected entry [0] in -Infinity..Infinity, got NaN',
    );
    expect(line.contains([Number.NaN])).toBe(false);
  });

  it('takes number arrays, flat or nested, and casts them in its schema', () => {
    const cast = Float32Array.of(1, 0.5, 3, 4);
    for (const value of [
      [1, 0.5, 3, 4],
      [
        [1, 0.5],
        [3, 4],
      ],
      [Float32Array.of(1, 0.5), [3, 4]],
    ]) {
      expect(box.contains(value)).toBe(true);
      expect(box.schema.parse(value)).toEqual(cast);
      const row = new Float32Array(4);
      box.write(value as unknown as Float32Array, row);
      expect(row).toEqual(cast);
    }
  });

  it('says what form it expected', () => {
    const form = 'expected a Float32Array of 4 (shape [2, 2]), got';
    expect(box.explain([1, 2, 3])).toBe(`${form} an array of 3: [1, 2, 3]`);
    expect(box.explain(new Float64Array(4))).toBe(`${form} a Float64Array of 4: [0, 0, 0, 0]`);
    expect(box.explain(undefined)).toBe(`${form} undefined`);
    expect(box.explain(Promise.resolve())).toBe(`${form} a Promise`);
    expect(
      box.explain([
        [1, 0],
        [1, '1'],
      ]),
    ).toBe('expected entry [1, 1] to be a float32 number, got "1"');
  });

  it('takes the dtypes that cast without loss, as numpy does', () => {
    const contains = (dtype: DType, value: ArrayBufferView) =>
      new Box({ shape: [1], low: 0, high: 9, dtype }).contains(value);
    expect(contains('float32', new Uint16Array(1))).toBe(true);
    expect(contains('float32', new Int32Array(1))).toBe(false);
    expect(contains('float64', new Int32Array(1))).toBe(true);
    expect(contains('uint8', new Uint8ClampedArray(1))).toBe(true);
    expect(contains('uint8', new Int8Array(1))).toBe(false);
    expect(contains('int32', new Float32Array(1))).toBe(false);
    expect(contains('int32', new BigInt64Array(1))).toBe(false);
    expect(contains('uint8', new DataView(new ArrayBuffer(1)))).toBe(false);
  });

  it('rounds its bounds as its values are rounded', () => {
    const tenth = new Box({ shape: [1], low: 0, high: 0.1 });
    expect(tenth.contains(Float32Array.of(0.1))).toBe(true); // fround(0.1) > 0.1
    expect(tenth.contains([0.1])).toBe(true);
  });

  it('takes only whole numbers of its range where it holds integers', () => {
    const bytes = new Box({ shape: [1], low: 0, high: 255, dtype: 'uint8' });
    expect(bytes.contains([255])).toBe(true);
    expect(bytes.explain([256])).toBe('expected entry [0] to be a uint8 number, got 256');
    expect(bytes.contains([0.5])).toBe(false);
  });

  it('samples by boundedness', () => {
    const sample = (low: number, high: number, dtype: DType = 'float32') => {
      const space = new Box({ shape: [20_000], low, high, dtype });
      return Array.from(space.sample(Rng.seed(1)));
    };
    const mean = (x: number[]) => x.reduce((a, b) => a + b, 0) / x.length;
    const deviation = (x: number[]) => Math.sqrt(mean(x.map((v) => v * v)) - mean(x) ** 2);

    const uniform = sample(2, 4);
    expect(mean(uniform)).toBeCloseTo(3, 1);
    expect(deviation(uniform)).toBeCloseTo(2 / Math.sqrt(12), 1);
    const fromBelow = sample(5, Infinity);
    expect(Math.min(...fromBelow)).toBeGreaterThanOrEqual(5);
    expect(mean(fromBelow)).toBeCloseTo(6, 1);
    const fromAbove = sample(-Infinity, 5);
    expect(Math.max(...fromAbove)).toBeLessThanOrEqual(5);
    expect(mean(fromAbove)).toBeCloseTo(4, 1);
    const normal = sample(-Infinity, Infinity);
    expect(mean(normal)).toBeCloseTo(0, 1);
    expect(deviation(normal)).toBeCloseTo(1, 1);
    expect(new Set(sample(-1, 1, 'int8'))).toEqual(new Set([-1, 0, 1]));
    const wide = sample(-Number.MAX_VALUE, Number.MAX_VALUE, 'float64');
    expect(wide.every(Number.isFinite)).toBe(true);
  });

  it('keeps what it reads within bounds that rounding has left', () => {
    const wide = new Box({ shape: [1], low: 0, high: 2 ** 31 - 1, dtype: 'int32' });
    expect(wide.read([Math.fround(2 ** 31 - 1)])).toEqual(Int32Array.of(2 ** 31 - 1));
  });

  it('refuses shapes, bounds and masks that make no sense', () => {
    const make = (low: number | number[], high: number, dtype?: DType) => () =>
      new Box({ shape: [2], low, high, dtype });
    expect(make([0, 2], 1)).toThrow('Box: expected low ≤ high at [1], got 2 and 1');
    expect(make(Number.NaN, 1)).toThrow('got NaN');
    expect(make(Infinity, Infinity)).toThrow('expected low of float32 to be a number');
    expect(make([0, 0, 0], 1)).toThrow(
      'expected one low or 2, one for each entry, got an array of 3',
    );
    expect(make(0, 256, 'uint8')).toThrow(
      'expected high of uint8 to be an integer in 0..255, got 256',
    );
    expect(make(0, Infinity, 'int32')).toThrow('got Infinity');
    expect(() => new Box({ shape: [0], low: 0, high: 1 })).toThrow('got [0]');
    expect(() => box.sample(Rng.seed(0), [1])).toThrow('Box.sample: takes no mask');
  });
});

describe('Discrete', () => {
  const space = new Discrete(3, -1);

  it('may name its values, and names travel', () => {
    const named = new Discrete(2, 5, { names: ['left', 'right'] });
    expect(named.names).toEqual(['left', 'right']);
    const again = spaceFromJson(JSON.parse(JSON.stringify(named))) as Discrete;
    expect([again.names, again.start]).toEqual([['left', 'right'], 5]);
    expect(space.names).toBeUndefined();
    expect('names' in space.toJSON()).toBe(false);
    const expected =
      'Discrete: names: expected 2 different names that are not empty, one for each value';
    expect(() => new Discrete(2, 0, { names: ['a'] })).toThrow(`${expected}, got 1`);
    expect(() => new Discrete(2, 0, { names: ['a', 'a'] })).toThrow(`${expected}, got "a" twice`);
    expect(() => new Discrete(2, 0, { names: ['a', ''] })).toThrow(`${expected}, got ""`);
  });

  it('contains start..start+n-1', () => {
    expect([-2, -1, 0, 1, 2].map((value) => space.contains(value))).toEqual([
      false,
      true,
      true,
      true,
      false,
    ]);
    expect(space.explain(0.5)).toBe('expected an integer in -1..1, got 0.5');
    expect(space.explain('0')).toBe('expected an integer in -1..1, got "0"');
    expect(space.explain(1n)).toBe('expected an integer in -1..1, got 1n, a bigint');
  });

  it('samples uniformly what the mask allows, and start where it allows nothing', () => {
    const rng = Rng.seed(3);
    const draw = (mask?: number[]) =>
      new Set(Array.from({ length: 100 }, () => space.sample(rng, mask)));
    expect(draw()).toEqual(new Set([-1, 0, 1]));
    expect(draw([1, 0, 1])).toEqual(new Set([-1, 1]));
    expect(draw([0, 0, 1])).toEqual(new Set([1]));
    expect(draw([0, 0, 0])).toEqual(new Set([-1]));
  });

  it('refuses a mask of another length or with other entries', () => {
    const reason = 'Discrete.sample: expected a mask of 3 entries, each 0 or 1, got an array of';
    expect(() => space.sample(Rng.seed(0), [1, 1])).toThrow(`${reason} 2: [1, 1]`);
    expect(() => space.sample(Rng.seed(0), [1, 1, 2])).toThrow(`${reason} 3: [1, 1, 2]`);
  });

  it('holds its value itself in the row', () => {
    const row = new Float32Array(2);
    space.write(1, row, 1);
    expect(row).toEqual(Float32Array.of(0, 1));
    expect(space.read(row, 1)).toBe(1);
  });

  it('refuses values that a float32 row would not hold exactly', () => {
    expect(() => new Discrete(2 ** 24 + 2)).toThrow('±2^24');
    expect(() => new Discrete(0)).toThrow('expected n to be a positive integer, got 0');
    expect(() => new Discrete(2, 0.5)).toThrow('expected start to be an integer, got 0.5');
  });
});

describe('MultiDiscrete', () => {
  const space = new MultiDiscrete([2, 3], { start: [0, 10] });

  it('bounds each entry', () => {
    expect(space.contains(Int32Array.of(1, 12))).toBe(true);
    expect(space.contains([1, 12])).toBe(true);
    expect(space.explain([1, 13])).toBe('expected entry [1] in 10..12, got 13');
    expect(space.explain([1])).toBe(
      'expected an Int32Array of 2 (shape [2]), got an array of 1: [1]',
    );
  });

  it('takes nested arrays of its shape', () => {
    const square = new MultiDiscrete([2, 2, 2, 2], { shape: [2, 2] });
    expect(
      square.schema.parse([
        [0, 1],
        [1, 0],
      ]),
    ).toEqual(Int32Array.of(0, 1, 1, 0));
    expect(
      square.explain([
        [0, 1],
        [2, 0],
      ]),
    ).toBe('expected entry [1, 0] in 0..1, got 2');
  });

  it('reads its mask part by part', () => {
    const rng = Rng.seed(5);
    const draw = (mask: number[]) =>
      new Set(Array.from({ length: 100 }, () => space.sample(rng, mask).join()));
    expect(draw([0, 1, 1, 0, 1])).toEqual(new Set(['1,10', '1,12']));
    expect(draw([0, 0, 0, 1, 0])).toEqual(new Set(['0,11']));
  });

  it('refuses a start or shape of another size', () => {
    expect(() => new MultiDiscrete([2, 3], { start: [0] })).toThrow(
      'MultiDiscrete: expected 2 entries of start for shape [2], got an array of 1: [0]',
    );
    expect(() => new MultiDiscrete([2, 3], { shape: [3] })).toThrow('3 entries of nvec');
    expect(() => new MultiDiscrete([2, 0])).toThrow('entry [1]: expected n to be a positive');
  });
});

describe('MultiBinary', () => {
  const space = new MultiBinary([2, 2]);

  it('contains zeros and ones', () => {
    expect(space.contains(Int8Array.of(0, 1, 1, 0))).toBe(true);
    expect(
      space.explain([
        [0, 1],
        [2, 0],
      ]),
    ).toBe('expected entry [1, 0] to be 0 or 1, got 2');
  });

  it('forces what the mask says and leaves 2 to chance', () => {
    const rng = Rng.seed(7);
    const seen = new Set(
      Array.from({ length: 100 }, () => space.sample(rng, [0, 1, 2, 1]).join('')),
    );
    expect(seen).toEqual(new Set(['0101', '0111']));
    expect(() => space.sample(rng, [0, 1, 3, 1])).toThrow('each 0..2');
  });
});

describe('Text', () => {
  const space = new Text({ minLength: 1, maxLength: 3, charset: 'ba😀' });

  it('bounds length and characters, by code points', () => {
    expect(space.contains('😀ab')).toBe(true);
    expect(space.explain('')).toBe('expected a string of 1..3 characters, got ""');
    expect(space.explain('abab')).toBe('expected a string of 1..3 characters, got "abab"');
    expect(space.explain('abc')).toBe('expected characters of "ba😀" only, got "c"');
    expect(space.explain(3)).toBe('expected a string of 1..3 characters, got 3');
  });

  it('holds length and character indices in the row', () => {
    const row = new Float32Array(4).fill(9);
    space.write('a😀', row);
    expect(row).toEqual(Float32Array.of(2, 1, 2, 0));
    expect(space.read(row)).toBe('a😀');
  });

  it('has letters and digits unless told otherwise', () => {
    expect(new Text({ maxLength: 8 }).contains('aZ09')).toBe(true);
    expect(new Text({ maxLength: 8 }).contains('a b')).toBe(false);
  });

  it('refuses lengths and character sets that make no sense', () => {
    expect(() => new Text({ maxLength: 2, minLength: 3 })).toThrow('minLength ≤ maxLength');
    expect(() => new Text({ maxLength: 2, charset: 'aa' })).toThrow('distinct characters');
    expect(() => new Text({ maxLength: 1.5 })).toThrow('whole lengths');
  });
});

describe('Dict and Tuple', () => {
  const dict = new Dict({
    pose: new Tuple([new Discrete(2), new Box({ shape: [2], low: 0, high: 1 })]),
    k: new Discrete(4),
  });

  it('sorts the keys of an object and keeps the order of pairs', () => {
    expect([...dict.spaces.keys()]).toEqual(['k', 'pose']);
    const pairs = new Dict([
      ['z', new Discrete(2)],
      ['a', new Discrete(2)],
    ]);
    expect([...pairs.spaces.keys()]).toEqual(['z', 'a']);
    const row = new Float32Array(2);
    pairs.write({ a: 1, z: 0 }, row);
    expect(row).toEqual(Float32Array.of(0, 1));
  });

  it('writes its parts one after another', () => {
    const row = new Float32Array(4);
    dict.write({ pose: [1, Float32Array.of(0.25, 0.5)], k: 3 }, row);
    expect(row).toEqual(Float32Array.of(3, 1, 0.25, 0.5));
    expect(dict.read(row)).toEqual({ k: 3, pose: [1, Float32Array.of(0.25, 0.5)] });
  });

  it('names the path of what is wrong', () => {
    expect(dict.explain({ k: 3, pose: [1, [0, 2]] })).toBe(
      'pose[1]: expected entry [1] in 0..1, got 2',
    );
    expect(dict.explain({ pose: [1, [0, 1]] })).toBe(
      'k: expected an integer in 0..3, got undefined',
    );
    expect(dict.schema.safeParse({ k: 9, pose: [0, [0, 0]] }).error?.issues[0].path).toEqual(['k']);
  });

  it('wants exactly its keys and its length', () => {
    expect(dict.explain({ k: 3, pose: [1, [0, 1]], more: 0 })).toBe(
      'expected an object with the keys k, pose, got an object with keys k, pose, more',
    );
    expect(dict.explain([1])).toBe(
      'expected an object with the keys k, pose, got an array of 1: [1]',
    );
    expect(dict.explain({ k: 3, pose: [1] })).toBe(
      'pose: expected an array of 2, got an array of 1: [1]',
    );
    expect(dict.explain({ k: 3, pose: 'x' })).toBe('pose: expected an array of 2, got "x"');
  });

  it('refuses keys twice and keys that are none', () => {
    const pair: [string, Space] = ['a', new Discrete(2)];
    expect(() => new Dict([pair, pair])).toThrow('distinct keys');
    expect(() => new Dict([['__proto__', new Discrete(2)]])).toThrow('__proto__');
  });

  it('infers the types of its values', () => {
    expectTypeOf(dict.read([])).toEqualTypeOf<{ pose: [number, Float32Array]; k: number }>();
    expectTypeOf(
      new Box({ shape: [1], low: 0, high: 1, dtype: 'uint8' }).read([]),
    ).toEqualTypeOf<Uint8Array>();
  });
});

describe('Sequence', () => {
  const space = new Sequence(new Discrete(3, 5), { maxLength: 2 });

  it('writes its length, then its entries, then zeros', () => {
    const row = Float32Array.of(9, 9, 9, 9);
    space.write([6], row, 1);
    expect(row).toEqual(Float32Array.of(9, 1, 6, 0));
    expect(space.read(row, 1)).toEqual([6]);
    space.write([], row, 1);
    expect(space.read(row, 1)).toEqual([]);
  });

  it('names what is wrong', () => {
    expect(space.explain([5, 6, 7])).toBe(
      'expected an array of at most 2, got an array of 3: [5, 6, 7]',
    );
    expect(space.explain([5, 4])).toBe('[1]: expected an integer in 5..7, got 4');
    expect(space.explain('x')).toBe('expected an array of at most 2, got "x"');
  });

  it('refuses what it cannot be of', () => {
    const discrete = new Discrete(2);
    expect(() => new Sequence(discrete, {} as never)).toThrow(
      'Sequence: expected maxLength to be a positive integer, got undefined',
    );
    expect(() => new Sequence(discrete, { maxLength: 2, as: 'grid' as never })).toThrow(
      'Sequence: expected as to be sequence or set, got "grid"',
    );
    expect(() => new Sequence(3 as never, { maxLength: 2 })).toThrow(
      'Sequence: expected the entries to be a space, got 3',
    );
  });
});

describe('Graph', () => {
  const space = new Graph({
    nodes: new Box({ shape: [2], low: 0, high: 9 }),
    edges: new Discrete(3, 5),
    maxNodes: 3,
    maxEdges: 2,
  });
  const links = new Graph({ nodes: new Discrete(2), maxNodes: 2, maxEdges: 2 });

  it('writes its nodes, its edges and its links, each with their number first', () => {
    expect(space.size).toBe(1 + 3 * 2 + (1 + 2) + (1 + 2 * 2));
    const row = new Float32Array(space.size + 1).fill(-1);
    const value = {
      nodes: [
        [1, 2],
        [3, 4],
      ],
      edges: [6],
      edgeLinks: [[0, 1]],
    } as never;
    space.write(value, row, 1);
    expect([...row]).toEqual([-1, 2, 1, 2, 3, 4, 0, 0, 1, 6, 0, 1, 0, 1, 0, 0]);
    expect(space.read(row, 1)).toEqual({
      nodes: [Float32Array.of(1, 2), Float32Array.of(3, 4)],
      edges: [6],
      edgeLinks: [Int32Array.of(0, 1)],
    });
    const alone = new Float32Array(links.size);
    links.write({ nodes: [1, 0], edgeLinks: [[1, 1]] }, alone);
    expect([...alone]).toEqual([2, 1, 0, 1, 1, 1, 0, 0]);
  });

  it('contains an empty graph, and no edges without nodes', () => {
    expect(space.contains({ nodes: [], edges: [], edgeLinks: [] })).toBe(true);
    expect(links.contains({ nodes: [], edgeLinks: [] })).toBe(true);
    expect(links.contains({ nodes: [], edgeLinks: [[0, 0]] })).toBe(false);
  });

  it.each<[string, unknown]>([
    [
      'edgeLinks[0]: expected two indices of 2 nodes, got an Int32Array of 2: [0, 2]',
      {
        nodes: [
          [0, 0],
          [0, 0],
        ],
        edges: [5],
        edgeLinks: [[0, 2]],
      },
    ],
    [
      'edgeLinks[0]: expected entry [1] in 0..2, got 3',
      { nodes: [[0, 0]], edges: [5], edgeLinks: [[0, 3]] },
    ],
    [
      'edgeLinks: expected one for each of 1 edges, got 0',
      { nodes: [[0, 0]], edges: [5], edgeLinks: [] },
    ],
    [
      'edges[0]: expected an integer in 5..7, got 1',
      { nodes: [[0, 0]], edges: [1], edgeLinks: [[0, 0]] },
    ],
    [
      'nodes: expected an array of at most 3, got an array of 4: [0,0, 0,0, 0,0, 0,0]',
      { nodes: new Array(4).fill([0, 0]), edges: [], edgeLinks: [] },
    ],
    ['expected an object with the keys nodes, edges, edgeLinks, got 7', 7],
  ])('%s', (message, value) => {
    expect(space.explain(value)).toBe(message);
    expect(space.contains(value)).toBe(false);
  });

  it('says where links have edges of their own, though the space has none', () => {
    expect(links.explain({ nodes: [0], edges: [0], edgeLinks: [[0, 0]] })).toBe(
      'expected an object with the keys nodes, edgeLinks, got an object with keys nodes, edges, edgeLinks',
    );
  });

  it('refuses what it cannot be of', () => {
    const nodes = new Discrete(2);
    expect(() => new Graph({ nodes, maxNodes: 2 } as never)).toThrow(
      'Graph: expected maxEdges to be a positive integer, got undefined',
    );
    expect(() => new Graph({ nodes: 3, maxNodes: 2, maxEdges: 1 } as never)).toThrow(
      'Graph: expected nodes to be a space, got 3',
    );
    expect(() => new Graph({ nodes, edges: null, maxNodes: 2, maxEdges: 1 } as never)).toThrow(
      'Graph: expected edges to be a space, got null',
    );
    const json = { type: 'graph', nodes: nodes.toJSON(), maxNodes: 2 ** 24, maxEdges: 1 };
    expect(() => spaceFromJson(json)).toThrow('expected at most 16777216 entries in all');
  });
});

describe('how a space says it is to be read', () => {
  const made = (shape: number[], as?: ReadAs) => ({
    Box: () => new Box({ shape, low: 0, high: 1, as }),
    MultiBinary: () => new MultiBinary(shape, { as }),
    MultiDiscrete: () => {
      const size = shape.reduce((product, n) => product * n, 1);
      return new MultiDiscrete(new Array(size).fill(2), { shape, as });
    },
  });

  it.each<[ReadAs, number[]]>([
    ['vector', [2, 3, 4]],
    ['set', [2]],
    ['sequence', [2, 3]],
    ['grid', [2, 3]],
    ['grid', [2, 3, 4]],
  ])('%s %j is kept in JSON', (as, shape) => {
    for (const make of Object.values(made(shape, as))) {
      const space = make();
      expect(space.as).toBe(as);
      expect(space.toJSON()).toMatchObject({ as });
      expect(spaceFromJson(JSON.parse(JSON.stringify(space)))).toEqual(space);
    }
  });

  it('is not in JSON where the shape decides', () => {
    for (const make of Object.values(made([2, 3]))) {
      expect(Object.keys(make().toJSON())).not.toContain('as');
    }
  });

  it('fits the shape', () => {
    expect(made([4], 'grid').Box).toThrow(
      new RangeError('Box: expected as to be one of vector, set, sequence for shape [4], got grid'),
    );
    expect(made([4, 4], 'picture').MultiDiscrete).toThrow(
      'MultiDiscrete: expected as to be one of vector, grid, set, sequence for shape [4, 4], got picture',
    );
    expect(made([2, 2, 3], 'picture').Box).not.toThrow();
    expect(made([2, 2], 'picture').Box).not.toThrow();
    expect(made([2, 2, 2], 'patches').Box).not.toThrow();
    expect(made([2, 2], 'patches').MultiBinary).toThrow('MultiBinary: expected as');
    expect(made([2], 'picture').Box).toThrow('for shape [2], got picture');
    expect(made([2, 2, 3], 'picture').MultiBinary).toThrow('MultiBinary: expected as');
    expect(made([2, 2], 'heap' as ReadAs).Box).toThrow('for shape [2, 2], got heap');
    expect(made([2, 2], 3 as never).Box).toThrow('for shape [2, 2], got 3');
  });
});

describe('spaceFromJson', () => {
  it('restores infinite bounds from null', () => {
    const json = { type: 'box', shape: [2], dtype: 'float32', low: [null, 0], high: null };
    const space = spaceFromJson(json) as Box;
    expect(space.low).toEqual(Float64Array.of(-Infinity, 0));
    expect(space.high).toEqual(Float64Array.of(Infinity, Infinity));
    expect(space.toJSON()).toEqual(json);
  });

  it('refuses parts that are too many together, before it makes any', () => {
    const part = { type: 'box', shape: [2 ** 23], dtype: 'float32', low: 0, high: 1 };
    const json = { type: 'tuple', spaces: Array(1000).fill(part) };
    expect(() => spaceFromJson(json)).toThrow(/at most 16777216 entries in all/);
  });

  it('refuses what describes no space, and says where', () => {
    expect(() => spaceFromJson({ type: 'ball' })).toThrow(/spaceFromJson: expected a space/);
    expect(() => spaceFromJson({ type: 'discrete', n: 2, start: 0, m: 1 })).toThrow(/"m"/);
    const inner = { type: 'tuple', spaces: [{ type: 'discrete', n: '2', start: 0 }] };
    expect(() => spaceFromJson(inner)).toThrow(/spaces\[0\]\.n/);
    const huge = { type: 'box', shape: [2 ** 20, 2 ** 20], dtype: 'float32', low: 0, high: 1 };
    expect(() => spaceFromJson(huge)).toThrow(/at most 16777216 entries/);
    const crossed = { type: 'box', shape: [1], dtype: 'float32', low: 1, high: 0 };
    expect(() => spaceFromJson(crossed)).toThrow(/expected low ≤ high/);
  });
});

it.each<[() => unknown, string]>([
  [
    () => new Box({} as never),
    'Box: expected shape to be an array of positive integers, got undefined',
  ],
  [
    () => new Box(undefined as never),
    'Box: expected shape to be an array of positive integers, got undefined',
  ],
  [() => new Box({ shape: 3 as never, low: 0, high: 1 }), 'integers, got 3'],
  [
    () => new Box({ shape: [3], high: 1 } as never),
    'Box: expected low to be a number or an array of them, got undefined',
  ],
  [
    () => new Box({ shape: [1], low: '0' as never, high: 1 }),
    'low to be a number or an array of them, got "0"',
  ],
  [
    () => new Box({ shape: [1], low: 0, high: 1, dtype: 'float16' as never }),
    'Box: expected dtype to be one of float32, float64, int8, uint8, int16, uint16, int32, got "float16"',
  ],
  [
    () => new MultiDiscrete(3 as never),
    'MultiDiscrete: expected nvec to be an array of positive integers, got 3',
  ],
  [
    () => new MultiBinary(undefined as never),
    'MultiBinary: expected shape to be an array of positive integers, got undefined',
  ],
  [() => new Text(undefined as never), 'Text: expected whole lengths, got 1 and undefined'],
  [() => new Dict(undefined as never), 'Dict: expected an object of spaces, got undefined'],
  [() => new Dict({ a: 3 as never }), 'Dict: expected a to be a space, got 3'],
  [() => new Tuple(undefined as never), 'Tuple: expected an array of spaces, got undefined'],
  [
    () => new Tuple([new Discrete(2), {} as never]),
    'Tuple: expected 1 to be a space, got an object without keys',
  ],
])('a space of nothing is refused by what was expected: %s', (make, message) => {
  expect(make).toThrow(message);
});
