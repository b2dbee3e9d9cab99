import { describe, expect, it } from 'vitest';
import { Box, Discrete, MultiBinary, MultiDiscrete } from '../../../src/envs/index.ts';
import { explainMask } from '../../../src/envs/spaces/explain-mask.ts';

describe('explainMask', () => {
  const three = new Discrete(3, 5);
  const twoAndThree = new MultiDiscrete([2, 3]);

  it.each([
    [three, [0, 0, 1]],
    [three, Uint8Array.of(1, 1, 1)],
    [twoAndThree, [0, 1, 1, 0, 0]],
  ])('accepts %o %o', (space, mask) => {
    expect(explainMask(space, mask)).toBeUndefined();
  });

  it.each([
    [three, [1, 1], 'expected 3 entries, got 2'],
    [twoAndThree, [1, 1, 1], 'expected 5 entries, got 3'],
    [three, [1, 2, 0], 'expected 0 or 1, got 2 at entry 1'],
    [three, [1, 0, Number.NaN], 'expected 0 or 1, got NaN at entry 2'],
    [three, [true, false, true], 'expected 0 or 1, got true at entry 0'],
    [three, [0, 0, 0], 'expected at least one allowed choice, got none in component 0'],
    [twoAndThree, [1, 0, 0, 0, 0], 'expected at least one allowed choice, got none in component 1'],
    [three, null, 'expected an array, got null'],
    [three, 3, 'expected an array, got 3'],
    [new MultiBinary([2]), [1, 1], 'a multi-binary space takes no mask'],
    [new Box({ shape: [1], low: 0, high: 1 }), [1], 'a box space takes no mask'],
  ])('refuses %o %o', (space, mask, problem) => {
    expect(explainMask(space, mask as never)).toBe(`info.actionMask: ${problem}`);
  });
});
