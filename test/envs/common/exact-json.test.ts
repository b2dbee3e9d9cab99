import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { explainPlain, stringifyExact } from '../../../src/envs/common/index.ts';

function withHole(): number[] {
  const list: number[] = [];
  list[1] = 10;
  return list;
}

function cyclic(): object {
  const next: { to?: object } = {};
  const first = { next };
  next.to = first;
  return first;
}

function nested(depth: number): unknown {
  let value: unknown = 0;
  for (let i = 0; i < depth; i++) value = [value];
  return value;
}

describe('stringifyExact', () => {
  it('keeps any JSON data and every double', () => {
    const numbers = fc.double({ noNaN: true });
    const { tree } = fc.letrec((tie) => ({
      tree: fc.oneof(
        { maxDepth: 4 },
        numbers,
        fc.string(),
        fc.boolean(),
        fc.constant(null),
        fc.array(tie('tree')),
        fc.dictionary(fc.string(), tie('tree'), { noNullPrototype: true }),
      ),
    }));
    fc.assert(
      fc.property(tree, (value) => {
        expect(JSON.parse(stringifyExact(value))).toStrictEqual(value);
      }),
    );
  });

  it.each([
    [{ a: { b: Number.NaN } }, 'state.a.b: expected a number, got NaN'],
    [
      { rows: [1, Float32Array.of(1)] },
      'state.rows[1]: expected plain JSON data, got Float32Array (Array.from makes a list of it)',
    ],
    [{ m: new Map() }, 'state.m: expected plain JSON data, got Map'],
    [[undefined], 'state[0]: expected plain JSON data, got undefined'],
    [10n, 'state: expected plain JSON data, got bigint (String keeps it exactly)'],
    [{ at: new Date(0) }, 'state.at: expected plain JSON data, got Date'],
    [{ f: () => 1 }, 'state.f: expected plain JSON data, got function'],
    [{ s: Symbol('s') }, 'state.s: expected plain JSON data, got symbol'],
    [{ [Symbol('s')]: 1 }, 'state: expected plain JSON data, got a symbol for a key'],
    [{ of: new (class Deck {})() }, 'state.of: expected plain JSON data, got Deck'],
    [{ returns: withHole() }, 'state.returns[0]: expected plain JSON data, got a hole in an array'],
    [{ a: [cyclic()] }, 'state.a[0].next.to: expected plain JSON data, got a cycle'],
  ])('refuses %o', (value, message) => {
    expect(() => stringifyExact(value)).toThrow(message);
  });

  it('refuses what is nested without end, and takes what is not', () => {
    expect(() => stringifyExact(nested(5000))).toThrow('got one nested deeper than 1000');
    expect(JSON.parse(stringifyExact(nested(1000)))).toStrictEqual(nested(1000));
  });

  it('leaves out properties that are undefined', () => {
    expect(stringifyExact({ a: undefined, b: 1 })).toBe('{"b":1}');
  });
});

describe('explainPlain', () => {
  it('has nothing against data, however often a part of it comes, nor against any number but NaN', () => {
    const part = { a: [0, -0, 2 ** 60, Number.POSITIVE_INFINITY], none: undefined };
    expect(explainPlain({ one: part, other: part, bare: Object.create(null) }, 'x')).toBe(
      undefined,
    );
  });
});
