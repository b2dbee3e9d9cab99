import { expect, it } from 'vitest';
import {
  Box,
  Dict,
  Discrete,
  Graph,
  MultiBinary,
  MultiDiscrete,
  Text,
  Tuple,
  valueAsJson,
} from '../../../src/envs/index.ts';
import { valueJsonSchema } from '../../../src/envs/openenv/open-env-values.ts';

const list = (n: number, items: object) => ({ type: 'array', items, minItems: n, maxItems: n });
const integer = (minimum: number, maximum: number) => ({ type: 'integer', minimum, maximum });

it.each([
  ['discrete', new Discrete(3, -1), 1, 1, integer(-1, 1)],
  ['text', new Text({ maxLength: 3 }), 'ab', 'ab', { type: 'string', minLength: 1, maxLength: 3 }],
  [
    'box',
    new Box({ shape: [2, 1], low: -Infinity, high: [1, 3] }),
    Float32Array.of(0.5, 2),
    [[0.5], [2]],
    list(2, list(1, { type: 'number', maximum: 3 })),
  ],
  [
    'box of one number',
    new Box({ shape: [], low: 0, high: 255, dtype: 'uint8' }),
    Uint8Array.of(7),
    7,
    integer(0, 255),
  ],
  [
    'graph',
    new Graph({ nodes: new Discrete(2), maxNodes: 3, maxEdges: 1 }),
    { nodes: [1, 0], edgeLinks: [Int32Array.of(1, 0)] },
    { nodes: [1, 0], edgeLinks: [[1, 0]] },
    {
      type: 'object',
      properties: {
        nodes: { type: 'array', items: integer(0, 1), maxItems: 3 },
        edgeLinks: { type: 'array', items: list(2, integer(0, 2)), maxItems: 1 },
      },
      required: ['nodes', 'edgeLinks'],
      additionalProperties: false,
    },
  ],
  [
    'multi-discrete',
    new MultiDiscrete([2, 5], { start: [1, 0] }),
    [2, 4],
    [2, 4],
    list(2, integer(0, 4)),
  ],
  [
    'multi-binary',
    new MultiBinary([2, 2]),
    [
      [0, 1],
      [1, 1],
    ],
    [
      [0, 1],
      [1, 1],
    ],
    list(2, list(2, { enum: [0, 1] })),
  ],
  [
    'dict of a tuple',
    new Dict({ a: new Tuple([new Discrete(2), new Text({ maxLength: 1 })]) }),
    { a: [1, 'x'] },
    { a: [1, 'x'] },
    {
      type: 'object',
      properties: {
        a: {
          type: 'array',
          prefixItems: [integer(0, 1), { type: 'string', minLength: 1, maxLength: 1 }],
          minItems: 2,
          items: false,
        },
      },
      required: ['a'],
      additionalProperties: false,
    },
  ],
])('a value of a %s, and its schema', (_, space, value, json, schema) => {
  expect(valueAsJson(space, value)).toEqual(json);
  expect(space.contains(json)).toBe(true);
  expect(valueJsonSchema(space)).toEqual(schema);
});
