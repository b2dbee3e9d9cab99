import { describe, expect, it } from 'vitest';
import { consideredVisits } from '../../../../src/rollout/deciders/search/sequential-halving.ts';

describe('sequential halving', () => {
  // mctx 0.0.71: seq_halving.get_sequence_of_considered_visits(considered, simulations).
  it.each<[number, number, number[]]>([
    [1, 4, [0, 1, 2, 3]],
    [2, 5, [0, 0, 1, 1, 2]],
    [4, 8, [0, 0, 0, 0, 1, 1, 2, 2]],
    [4, 16, [0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 3, 3, 4, 4, 5, 5]],
    [5, 4, [0, 0, 0, 0]],
    [3, 9, [0, 0, 0, 1, 1, 2, 2, 3, 3]],
  ])('of %i actions in %i simulations', (considered, simulations, expected) => {
    expect(consideredVisits(considered, simulations)).toEqual(expected);
  });
});
