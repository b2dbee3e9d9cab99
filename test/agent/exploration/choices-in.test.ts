import { expect, it } from 'vitest';
import { choicesIn } from '../../../src/agent/exploration/choices-in.ts';
import {
  Box,
  Dict,
  Discrete,
  MultiBinary,
  MultiDiscrete,
  Sequence,
  Text,
  Tuple,
} from '../../../src/envs/index.ts';

const box = new Box({ shape: [2], low: 0, high: 1 });

it.each([
  [new Discrete(4), [1]],
  [box, [0, 0]],
  [new MultiDiscrete([3, 4]), [1, 1]],
  [new MultiBinary([2]), [1, 1]],
  [new Text({ maxLength: 2, charset: 'ab' }), [1, 1, 1]],
  [new Dict({ a: box, b: new Discrete(3) }), [0, 0, 1]],
  [new Tuple([new Discrete(3), box]), [1, 0, 0]],
  // Its length, then the entries.
  [new Sequence(box, { maxLength: 2 }), [1, 0, 0, 0, 0]],
  [new Sequence(new Tuple([new Discrete(3), box]), { maxLength: 2 }), [1, 1, 0, 0, 1, 0, 0]],
] as const)('the entries of %j that are choices', (space, expected) => {
  expect(Array.from(choicesIn(space))).toEqual(expected);
});
