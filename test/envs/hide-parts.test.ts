import { describe, expect, it } from 'vitest';
import {
  type AnySpace,
  Box,
  Dict,
  Discrete,
  type Env,
  hideParts,
  MultiBinary,
  MultiDiscrete,
  type Space,
  Tuple,
} from '../../src/envs/index.ts';

/** Shows `obs`, whatever is done. */
const showing = (observationSpace: AnySpace, obs: unknown): Env<unknown, number> => ({
  observationSpace: observationSpace as Space,
  actionSpace: new Discrete(2),
  reset: () => ({ obs, info: { difficulty: 2 } }),
  step: () => ({ obs, reward: 1, terminated: true, truncated: false, info: {} }),
});

const choices = new MultiDiscrete([2, 3, 4], { start: [0, 5, 1] });
const dict = new Dict({ a: new Discrete(2), b: new Box({ shape: [2], low: 0, high: 1 }) });

describe('hideParts', () => {
  it.each<[string, AnySpace, unknown, (number | string)[], AnySpace, unknown]>([
    [
      'entries of a Box, with their bounds',
      new Box({ shape: [3], low: [-1, -2, -3], high: [1, 2, 3] }),
      Float32Array.of(0.5, 1.5, 2.5),
      [1],
      new Box({ shape: [2], low: [-1, -3], high: [1, 3] }),
      [0.5, 2.5],
    ],
    [
      'entries of a MultiDiscrete',
      choices,
      Int32Array.of(1, 6, 4),
      [0],
      new MultiDiscrete([3, 4], { start: [5, 1] }),
      [6, 4],
    ],
    [
      'entries of a MultiBinary',
      new MultiBinary(3),
      Int8Array.of(1, 0, 1),
      [1],
      new MultiBinary(2),
      [1, 1],
    ],
    [
      'parts of a Dict',
      dict,
      { a: 1, b: [0, 1] },
      ['b'],
      new Dict({ a: new Discrete(2) }),
      { a: 1 },
    ],
    [
      'parts of a Tuple',
      new Tuple([new Discrete(2), new Discrete(3)]),
      [1, 2],
      [0],
      new Tuple([new Discrete(3)]),
      [2],
    ],
  ])('hides %s', async (_, space, obs, parts, expected, left) => {
    const env = hideParts(showing(space, obs), parts);
    expect(env.observationSpace.toJSON()).toEqual(expected.toJSON());
    const { obs: first, info } = await env.reset();
    expect(first).toEqual(left);
    expect(env.observationSpace.contains(first)).toBe(true);
    expect(info).toEqual({ difficulty: 2 });
    expect(await env.step(0)).toMatchObject({ obs: left, reward: 1, terminated: true });
  });

  it.each<[AnySpace, (number | string)[], string]>([
    [new Box({ shape: [2], low: 0, high: 1 }), [2], 'hideParts: expected parts out of 0, 1, got 2'],
    [dict, ['c'], 'hideParts: expected parts out of a, b, got "c"'],
    [dict, ['a', 'b'], 'hideParts: expected a part that is not hidden, got none'],
    [
      new Discrete(3),
      [0],
      'hideParts: expected a Dict, a Tuple, or an array of one axis, got a space of type discrete',
    ],
    [
      new Box({ shape: [2, 2], low: 0, high: 1 }),
      [0],
      'hideParts: expected a Dict, a Tuple, or an array of one axis, got a space of type box and shape [2, 2]',
    ],
  ])('refuses what is not there: %#', (space, parts, message) => {
    expect(() => hideParts(showing(space, undefined), parts)).toThrow(message);
  });
});
