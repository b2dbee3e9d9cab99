import { describe } from '../common/describe.ts';
import { nearest } from '../common/nearest.ts';
import { ConnectFour } from './connect-four.ts';
import type { Game } from './game.ts';
import { Kuhn } from './kuhn.ts';
import { Leduc } from './leduc.ts';
import { Othello } from './othello.ts';
import { TicTacToe } from './tic-tac-toe.ts';

const makers: ReadonlyMap<string, () => Game> = new Map<string, () => Game>([
  ['TicTacToe-v0', () => new TicTacToe()],
  ['ConnectFour-v0', () => new ConnectFour()],
  ['Othello6-v0', () => new Othello(6)],
  ['Othello8-v0', () => new Othello(8)],
  ['Kuhn-v0', () => new Kuhn()],
  ['Leduc-v0', () => new Leduc()],
]);

/** The ids of the built-in games, each of which is that of an environment too: a seat of the game. */
export function gameIds(): string[] {
  return [...makers.keys()];
}

/**
 * Makes a built-in game.
 * @param id such as `Kuhn-v0`; `gameIds` lists them
 * @throws Error for an unknown id (the message names a similar one)
 */
export function makeGame(id: string): Game {
  const make = makers.get(id);
  if (make) return make();
  const ids = gameIds();
  const near = typeof id === 'string' ? nearest(id, ids) : undefined;
  const hint = near === undefined ? '' : `; did you mean ${near}?`;
  throw new Error(
    `expected the id of a built-in game, one of ${ids.join(', ')}, got ${describe(id)}${hint}`,
  );
}
