import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  Box,
  Dict,
  Discrete,
  Graph,
  MultiDiscrete,
  Sequence,
  type Space,
  Text,
} from '../../src/envs/index.ts';
import { loadBackend } from '../../src/kernels/index.ts';
import type { PolicyOptions } from '../../src/policy/index.ts';
import { backends } from '../support/backends.ts';
import { distance, randomRows, smallPolicy, stir, unroll } from '../support/small-policy.ts';

const bounds = { low: -Infinity, high: Infinity };
const rows = (shape: number[], as: 'set' | 'sequence') => new Box({ shape, ...bounds, as });
const tokens = (count: number, as: 'set' | 'sequence') =>
  new MultiDiscrete(new Array(2 * count).fill(4), { shape: [count, 2], as });

/** The heads after two ponder steps, of a policy whose weights are no longer those of the start. */
function heads(
  observationSpace: Space,
  rows: ArrayLike<number>[],
  options: Partial<PolicyOptions>,
) {
  const policy = smallPolicy({ observationSpace, ...options });
  stir(policy.parameters);
  const found = unroll(policy, rows, 2)[1];
  policy.dispose();
  return found;
}

describe.each(backends('wasm', 'simd'))('on %s', (backend) => {
  beforeAll(() => loadBackend(backend));

  describe.each<Partial<PolicyOptions>>([
    { core: 'latent' },
    { core: 'latent', registers: 2, blocks: 2 },
    { core: 'full', registers: 1 },
  ])('of a core %o', (options) => {
    const [a, b, c] = randomRows(3, 3);
    const zero = [0, 0, 0];
    const [d, e, f] = [
      [0, 1],
      [2, 3],
      [1, 1],
    ];
    const said = (space: Space, ...given: ArrayLike<number>[][]) =>
      heads(
        space,
        given.map((parts) => parts.flatMap((part) => Array.from(part))),
        options,
      );

    it('a set has no order', () => {
      const [x, y] = said(rows([3, 3], 'set'), [a, b, c], [c, a, b]);
      expect(distance(x, y)).toBeLessThan(1e-4);
      const [u, v] = said(tokens(3, 'set'), [d, e, f], [f, d, e]);
      expect(distance(u, v)).toBeLessThan(1e-4);
    });

    it('a sequence has one', () => {
      const [x, y] = said(rows([3, 3], 'sequence'), [a, b, c], [c, a, b]);
      expect(distance(x, y)).toBeGreaterThan(1e-3);
      const [u, v] = said(tokens(3, 'sequence'), [d, e, f], [f, d, e]);
      expect(distance(u, v)).toBeGreaterThan(1e-3);
    });

    it('padding of a set changes nothing, wherever it is and however much', () => {
      const [two] = said(rows([2, 3], 'set'), [a, b]);
      const [four, mixed] = said(rows([4, 3], 'set'), [a, b, zero, zero], [zero, b, zero, a]);
      expect(distance(four, two)).toBeLessThan(1e-4);
      expect(distance(mixed, two)).toBeLessThan(1e-4);
      const [three] = said(rows([4, 3], 'set'), [a, b, c, zero]);
      expect(distance(three, two)).toBeGreaterThan(1e-3);
    });

    it('an empty set is like any other empty set', () => {
      const [none] = said(rows([2, 3], 'set'), [zero, zero]);
      const [more] = said(rows([5, 3], 'set'), [zero, zero, zero, zero, zero]);
      expect(none.every(Number.isFinite)).toBe(true);
      expect(distance(none, more)).toBeLessThan(1e-4);
    });

    it('a Sequence is what its entries are, in order or as a set', () => {
      const entries = new Box({ shape: [3], ...bounds });
      const two = new Sequence(entries, { maxLength: 2, as: 'set' });
      const four = new Sequence(entries, { maxLength: 4, as: 'set' });
      const ordered = new Sequence(entries, { maxLength: 4 });
      const [ab] = said(two as Space, [[2], a, b]);
      const [ab4, ba4, abc4] = said(
        four as Space,
        [[2], a, b, zero, zero],
        [[2], b, a, c, c],
        [[3], a, b, c, zero],
      );
      expect(distance(ab, ab4)).toBeLessThan(1e-4);
      expect(distance(ab, ba4)).toBeLessThan(1e-4);
      expect(distance(ab, abc4)).toBeGreaterThan(1e-3);
      const [x, y] = said(ordered as Space, [[2], a, b, zero, zero], [[2], b, a, zero, zero]);
      expect(distance(x, y)).toBeGreaterThan(1e-3);
    });

    it('a Graph is what its nodes, edges and links are, edges in no order, whatever the padding', () => {
      const nodes = new Box({ shape: [3], ...bounds });
      const edges = new Box({ shape: [1], ...bounds });
      const space = new Graph({ nodes, edges, maxNodes: 2, maxEdges: 3 });
      const [plain, padded, otherOrder, otherWay, otherEdge] = said(
        space as Space,
        [[2], a, b, [2], [0.5, -1, 0], [2], [0, 1, 1, 1, 0, 0]],
        [[2], a, b, [2], [0.5, -1, 1], [2], [0, 1, 1, 1, 1, 0]],
        [[2], a, b, [2], [-1, 0.5, 0], [2], [1, 1, 0, 1, 0, 0]],
        [[2], a, b, [2], [0.5, -1, 0], [2], [1, 0, 1, 1, 0, 0]],
        [[2], a, b, [2], [1, -1, 0], [2], [0, 1, 1, 1, 0, 0]],
      );
      expect(distance(plain, padded)).toBeLessThan(1e-4);
      expect(distance(plain, otherOrder)).toBeLessThan(1e-4);
      expect(distance(plain, otherWay)).toBeGreaterThan(1e-3);
      expect(distance(plain, otherEdge)).toBeGreaterThan(1e-3);
      const [none] = said(space as Space, [[0], zero, zero, [0], zero, [0], zero, zero]);
      expect(none.every(Number.isFinite)).toBe(true);
    });

    it('what follows a text changes nothing', () => {
      const space = new Dict({
        say: new Text({ maxLength: 3, charset: 'abc' }),
        to: new Discrete(2),
      });
      const [ab, ab2, abc] = said(
        space,
        [[2, 0, 1, 0], [1]],
        [[2, 0, 1, 2], [1]],
        [[3, 0, 1, 2], [1]],
      );
      expect(distance(ab, ab2)).toBe(0);
      expect(distance(ab, abc)).toBeGreaterThan(1e-3);
    });
  });

  afterAll(() => loadBackend('wasm'));
});
