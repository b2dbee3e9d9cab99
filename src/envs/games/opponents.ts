import { describe } from '../common/describe.ts';
import { nearest } from '../common/nearest.ts';
import { type Opponent, randomOpponent } from './opponent.ts';
import { Mcts, type MctsOptions } from './solve/mcts.ts';
import { Minimax } from './solve/minimax.ts';

/** What makes an opponent, by the options of one that searches. */
type MakeOpponent = (options: MctsOptions) => Opponent;

/** Those of mcts, unless given. */
export const SIMULATIONS = 100;

const random = { random: () => randomOpponent };
const searching = { ...random, mcts: (options: MctsOptions) => new Mcts(options).opponent };

/** The opponents of each built-in game, the default first. */
const makers: Record<string, Record<string, MakeOpponent>> = {
  'TicTacToe-v0': { ...searching, perfect: () => new Minimax().opponent },
  'ConnectFour-v0': searching,
  'Othello6-v0': searching,
  'Othello8-v0': searching,
  'Kuhn-v0': random,
  'Leduc-v0': random,
};

/** The names of the opponents that a built-in game has, the default first; none of another game. */
export function opponentNames(gameId: string): string[] {
  return Object.keys(makers[gameId] ?? {});
}

/**
 * Makes an opponent that a built-in game has.
 * @param name such as `random`; `opponentNames` lists them
 * @param options of `mcts`; default: 100 simulations
 * @throws Error for an unknown name (the message names a similar one)
 */
export function makeOpponent(
  gameId: string,
  name: string,
  options: MctsOptions = { simulations: SIMULATIONS },
): Opponent {
  const names = opponentNames(gameId);
  if (names.includes(name)) return makers[gameId][name](options);
  const near = nearest(name, names);
  const hint = near === undefined ? '' : `; did you mean ${near}?`;
  throw new Error(
    `${gameId}: expected an opponent, one of ${names.join(', ')}, got ${describe(name)}${hint}`,
  );
}
