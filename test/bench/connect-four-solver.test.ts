import { describe, expect, it } from 'vitest';
import { ConnectFourSolver } from '../../bench/connect-four-solver.ts';
import { randomPosition } from '../../bench/random-position.ts';
import type { Game } from '../../src/envs/index.ts';
import { Rng } from '../../src/kernels/common/index.ts';

const solver = new ConnectFourSolver();

/** The value of where a game stands for who is to move, by trying all. */
function solved(game: Game, stones: number): number {
  const turn = game.turn();
  if (turn === 'end') return game.returns()[0] === 0 ? 0 : stones - 43;
  const before = game.snapshot();
  let best = -Infinity;
  for (const action of game.legalActions()) {
    game.apply(action);
    best = Math.max(best, -solved(game, stones + 1));
    game.restore(before);
  }
  return best;
}

describe('the solver of Connect Four', () => {
  it('finds what trying everything finds, in draws, wins and losses', () => {
    const rng = Rng.seed(1, 'positions');
    const signs = new Set<number>();
    for (let i = 0; i < 40; i++) {
      const { game, moves } = randomPosition(34 + (i % 6), rng);
      const before = game.snapshot();
      const values = game.legalActions().map((action) => {
        game.apply(action);
        const value = -solved(game, moves.length + 1);
        game.restore(before);
        signs.add(Math.sign(value));
        return [action, value] as const;
      });
      expect(solver.moveValues(moves)).toEqual(new Map(values));
    }
    expect([...signs].sort()).toEqual([-1, 0, 1]);
  });

  it('sees a win, a double threat and a forced answer', () => {
    // Three of the first player stand in columns 2, 3 and 4 of the lowest row: either end wins with the seventh stone.
    expect(solver.moveValues([2, 2, 3, 3, 4, 4]).get(1)).toBe(43 - 7);
    expect(solver.moveValues([2, 2, 3, 3, 4, 4]).get(5)).toBe(43 - 7);
    // The second player cannot parry both: lost with the stone after.
    const lost = solver.moveValues([2, 2, 3, 3, 4]);
    expect([...lost.values()].every((value) => value === -(43 - 7))).toBe(true);
  });
});
