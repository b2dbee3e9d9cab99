import { describe, expect, it } from 'vitest';
import {
  type ActionMask,
  Box,
  Dict,
  Discrete,
  explainMask,
  flatMask,
  MultiBinary,
  MultiDiscrete,
  maskSize,
  spaceFromJson,
  Tuple,
} from '../../../src/envs/index.ts';
import { Rng } from '../../../src/kernels/index.ts';

const power = new Box({ shape: [1], low: 0, high: 1 });
const space = new Dict(
  {
    unit: new Discrete(2, 5),
    target: new Discrete(3),
    power,
    more: new Tuple([power, new MultiDiscrete([2, 2])]),
  },
  { maskedBy: { target: 'unit' } },
);
const ROW = [1, 0, ...[0, 1, 1], ...[0, 0, 0], ...[1, 1, 0, 1]];

describe('a mask of a Dict or Tuple', () => {
  it.each<[string, ActionMask]>([
    ['flat', ROW],
    ['flat and typed', Uint8Array.from(ROW)],
    [
      'shaped like the space',
      { unit: [1, 0], target: [[0, 1, 1], Uint8Array.of(0, 0, 0)], more: [null, [1, 1, 0, 1]] },
    ],
    [
      'with rows one after another',
      { unit: [1, 0], target: ROW.slice(2, 8), more: [undefined, [1, 1, 0, 1]] },
    ],
  ])('may be %s', (_, mask) => {
    expect(maskSize(space)).toBe(12);
    expect(explainMask(space, mask)).toBeUndefined();
    expect([...flatMask(space, mask)]).toEqual(ROW);
  });

  it('leaves free what it does not name', () => {
    expect([...flatMask(space, {})]).toEqual(new Array(12).fill(1));
    expect([...flatMask(space, { more: [null, [0, 1, 1, 0]] })].slice(8)).toEqual([0, 1, 1, 0]);
    expect([...flatMask(new Tuple([new Discrete(2), power]), [[0, 1], null])]).toEqual([0, 1]);
  });

  it.each<[unknown, string]>([
    [[1, 0, 1], ': expected 12 entries, got 3'],
    [3, ': expected an object with keys of unit, target, power, more, got 3'],
    [
      [[1, 0]],
      ': expected an object with keys of unit, target, power, more, got an array of 1: [[1, 0]]',
    ],
    [
      { unti: [1, 0] },
      ': expected an object with keys of unit, target, power, more, got the key unti',
    ],
    [{ unit: [1, 0, 1] }, '.unit: expected 2 entries, got 3'],
    [{ unit: 1 }, '.unit: expected an array, got 1'],
    [{ unit: [1, 2] }, '.unit: expected 0 or 1, got 2 at entry 1'],
    [{ unit: [0, 0] }, '.unit: expected at least one allowed choice, got none in component 0'],
    [{ target: [1, 1, 1] }, '.target: expected 6 entries, got 3'],
    [
      {
        target: [
          [1, 1],
          [1, 1],
          [1, 1],
        ],
      },
      '.target: expected 2 rows of 3 entries, got 3 rows',
    ],
    [
      {
        target: [
          [1, 1, 1],
          [1, 1],
        ],
      },
      '.target[1]: expected 3 entries, got 2',
    ],
    [
      {
        target: [
          [1, 1, 1],
          [0, 0, 0],
        ],
      },
      '.target: expected at least one allowed choice where unit is 6, got none in component 0',
    ],
    [{ power: [1] }, '.power: a box space takes no mask'],
    [
      { more: [null] },
      '.more: expected an array of 2, a mask or null for each part, got an array of 1: [null]',
    ],
    [
      { more: [null, [1, 1, 0, 0]] },
      '.more.1: expected at least one allowed choice, got none in component 1',
    ],
  ])('is refused where it does not fit: %o', (mask, problem) => {
    expect(explainMask(space, mask as ActionMask)).toBe(`info.actionMask${problem}`);
  });

  it('may leave nothing after a choice that cannot come about', () => {
    const chain = new Tuple([new Discrete(2), new Discrete(2), new Discrete(2)], {
      maskedBy: { 1: 0, 2: 1 },
    });
    const mask = (last: number[]) => [
      null,
      [
        [1, 0],
        [1, 0],
      ],
      [[1, 1], last],
    ];
    expect(explainMask(chain, mask([0, 0]))).toBeUndefined();
    const reachable = [
      null,
      [
        [1, 0],
        [0, 1],
      ],
      [
        [1, 1],
        [0, 0],
      ],
    ];
    expect(explainMask(chain, reachable)).toBe(
      'info.actionMask.2: expected at least one allowed choice where 1 is 1, got none in component 0',
    );
  });

  it('is not for a space without choices', () => {
    const numbers = new Dict({ power, bits: new MultiBinary([2]) });
    expect(explainMask(numbers, {})).toBe('info.actionMask: a dict space takes no mask');
  });
});

describe('sample', () => {
  it('draws what the mask allows, a masked part by the row of the choice before it', () => {
    const rng = Rng.seed(1);
    const pairs = new Set<string>();
    const mask = {
      target: [
        [0, 1, 0],
        [1, 0, 1],
      ],
    };
    for (let i = 0; i < 200; i++) {
      const action = space.sample(rng, mask);
      expect(space.explain(action)).toBeUndefined();
      pairs.add(`${action.unit} ${action.target}`);
    }
    expect(pairs).toEqual(new Set(['5 1', '6 0', '6 2']));
  });

  it('draws in a part of a part too', () => {
    const nested = new Tuple([space, new Discrete(2)]);
    const rng = Rng.seed(2);
    for (let i = 0; i < 50; i++) {
      const [{ unit, target, more }, last] = nested.sample(rng, [ROW, [0, 1]].flat());
      expect([unit, last]).toEqual([5, 1]);
      expect([1, 2]).toContain(target);
      expect((more as unknown as [unknown, Int32Array])[1][1]).toBe(1);
    }
  });

  it('draws the same without a mask as with one that allows all', () => {
    expect(space.sample(Rng.seed(3), {})).toEqual(space.sample(Rng.seed(3)));
  });

  it('refuses a mask that does not fit', () => {
    expect(() => space.sample(Rng.seed(0), { unit: [0, 0] })).toThrow(
      'Dict.sample: mask.unit: expected at least one allowed choice, got none in component 0',
    );
    expect(() => new Tuple([new Discrete(2)]).sample(Rng.seed(0), [[1]])).toThrow(
      'Tuple.sample: mask.0: expected 2 entries, got 1',
    );
  });
});

describe('maskedBy', () => {
  const [two, three] = [new Discrete(2), new Discrete(3)];

  it('keeps the order in which parts are given, since they are chosen in it', () => {
    expect([...space.spaces.keys()]).toEqual(['unit', 'target', 'power', 'more']);
    expect([...new Dict({ unit: two, target: three }).spaces.keys()]).toEqual(['target', 'unit']);
  });

  it('travels as JSON', () => {
    const tuple = new Tuple(
      [two, new Dict({ b: three, a: two }, { maskedBy: { a: 'b' } }), three],
      {
        maskedBy: { 2: 0 },
      },
    );
    expect(tuple.toJSON()).toMatchObject({
      maskedBy: { 2: 0 },
      spaces: [{}, { maskedBy: { a: 'b' } }, {}],
    });
    const again = spaceFromJson(JSON.parse(JSON.stringify(tuple)));
    expect(again.toJSON()).toEqual(tuple.toJSON());
    expect(maskSize(again)).toBe(2 + 3 + 3 * 2 + 2 * 3);
    expect(new Tuple([two]).toJSON()).not.toHaveProperty('maskedBy');
  });

  it.each<[() => unknown, string]>([
    [
      () => new Dict({ a: two, b: three }, { maskedBy: { c: 'a' } as never }),
      'Dict: maskedBy: expected c to be a Discrete or MultiDiscrete part, got no such part',
    ],
    [
      () => new Dict({ a: two, b: power }, { maskedBy: { b: 'a' } }),
      'Dict: maskedBy: expected b to be a Discrete or MultiDiscrete part, got a box space',
    ],
    [
      () => new Dict({ a: two, b: three }, { maskedBy: { a: 'b' } }),
      'Dict: maskedBy.a: expected a Discrete part before a (none), got "b"',
    ],
    [
      () => new Dict({ a: two, p: power, b: three }, { maskedBy: { b: 'p' } }),
      'Dict: maskedBy.b: expected a Discrete part before b (a), got "p"',
    ],
    [
      () => new Tuple([two, three], { maskedBy: { 1: 1 } }),
      'Tuple: maskedBy.1: expected a Discrete part before 1 (0), got 1',
    ],
    [
      () => new Dict({ a: two }, { maskedby: {} } as never),
      'Dict: maskedby: no such option; expected maskedBy',
    ],
    [
      () => spaceFromJson({ type: 'tuple', spaces: [two.toJSON()], maskedBy: { 0: 0 } }),
      'Tuple: maskedBy.0: expected a Discrete part before 0 (none), got 0',
    ],
  ])('is refused where it makes no sense', (make, message) => {
    expect(make).toThrow(message);
  });
});
