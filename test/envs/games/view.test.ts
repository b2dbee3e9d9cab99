import { describe, expect, it } from 'vitest';
import { drawOutcome, gameIds, makeGame } from '../../../src/envs/index.ts';
import { Rng } from '../../../src/kernels/index.ts';

/** A game after some actions, those of chance too. */
function after(id: string, ...actions: number[]) {
  const game = makeGame(id);
  for (const action of actions) game.apply(action);
  return game;
}

describe.each(gameIds())('what a person is shown of %s', (id) => {
  it('is what the player knows, with the legal moves by different names', () => {
    const game = makeGame(id);
    const rng = Rng.seed(1, id);
    for (let plays = 0; plays < 5; plays++) {
      game.begin();
      for (let turn = game.turn(); turn !== 'end'; turn = game.turn()) {
        if (turn === 'chance') {
          game.apply(drawOutcome(game.chanceOutcomes(), rng));
          continue;
        }
        const { board, moves } = game.view!(turn);
        const legal = game.legalActions();
        expect(moves.map(({ action }) => action)).toEqual(legal);
        expect(new Set(moves.map(({ name }) => name)).size).toBe(legal.length);
        if (board) {
          expect(board.cells).toEqual(Array.from(game.observe(turn) as Int32Array));
          expect(board.rows * board.columns).toBe(board.cells.length);
        } else expect(moves.flatMap(({ cells }) => cells)).toEqual([]);
        game.apply(legal[rng.int(legal.length)]);
      }
      expect(game.view!(0).moves).toEqual([]);
    }
  });
});

it('names a column by its cells, and a pass by none', () => {
  const [, , third] = after('ConnectFour-v0').view!(0).moves;
  expect(third).toEqual({ action: 2, name: 'column 3', cells: [2, 9, 16, 23, 30, 37] });
  const [corner] = after('TicTacToe-v0', 0, 1, 2, 3, 4, 5, 7, 6).view!(0).moves;
  expect(corner).toEqual({ action: 8, name: 'row 3, column 3', cells: [8] });
});

it('tells cards and the pot in words, and no card of the other player', () => {
  // The king to who begins, the jack to the other; a bet, to be answered.
  const kuhn = after('Kuhn-v0', 2, 0, 1);
  expect(kuhn.view!(0).words).toEqual(['card: K', 'in the pot: 2 of who began, 1 of the other']);
  expect(kuhn.view!(1).words).toEqual(['card: J', 'in the pot: 2 of who began, 1 of the other']);
  // A jack and a queen; a raise and a call; a king for all.
  const leduc = after('Leduc-v0', 0, 2);
  expect(leduc.view!(1).words).toEqual([
    ...['card: Q', 'public card: none yet', 'in the pot: 1 of who began, 1 of the other'],
  ]);
  for (const action of [2, 1, 5]) leduc.apply(action);
  expect(leduc.view!(0).words).toEqual([
    ...['card: J', 'public card: K', 'in the pot: 3 of who began, 3 of the other'],
  ]);
});
