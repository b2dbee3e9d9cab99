import { describe, expect, it } from 'vitest';
import {
  Box,
  Dict,
  Discrete,
  Graph,
  MultiBinary,
  MultiDiscrete,
  Sequence,
  type Space,
  Text,
  Tuple,
} from '../../../../src/envs/index.ts';
import { countOf, stack, unstack } from '../../../../src/envs/net/wire/batch.ts';
import { Rng } from '../../../../src/kernels/index.ts';

const box = new Box({ shape: [2, 2], low: -1, high: 1 });
const dict = new Dict({ a: box, b: new Discrete(3) });
const spaces: [string, Space][] = [
  ['box', box],
  ['discrete', new Discrete(3)],
  ['multi-discrete', new MultiDiscrete([2, 3])],
  ['multi-binary', new MultiBinary(4)],
  ['text', new Text({ maxLength: 4 })],
  ['dict', dict],
  ['tuple', new Tuple([dict, new Text({ maxLength: 2 })])],
  ['sequence', new Sequence(box, { maxLength: 3 }) as Space],
  ['graph', new Graph({ nodes: box, edges: dict, maxNodes: 3, maxEdges: 2 }) as Space],
  ['graph of links', new Graph({ nodes: new Discrete(3), maxNodes: 3, maxEdges: 2 }) as Space],
  ['sequence of dicts', new Sequence(dict, { maxLength: 2, as: 'set' }) as Space],
];

describe.each(spaces)('a batch of a %s', (_, space) => {
  it.each([0, 1, 3])('of %i values says how many it holds, and gives them back', (count) => {
    const rng = Rng.seed(count);
    const values = Array.from({ length: count }, () => space.sample(rng));
    const batch = stack(space, values);
    expect(countOf(space, batch)).toBe(count);
    expect(unstack(space, batch, count)).toEqual(values);
  });

  it.each([null, 7, 'x', undefined, {}])('is not what %j is', (junk) => {
    expect(countOf(space, junk)).toBeUndefined();
  });
});

it('of a space without parts holds none that can be told', () => {
  expect(countOf(new Dict({}), {})).toBeUndefined();
  expect(countOf(new Tuple([]), [])).toBeUndefined();
});
