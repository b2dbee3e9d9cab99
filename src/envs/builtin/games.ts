import { z } from 'zod';
import { makeGame } from '../games/game-registry.ts';
import { type Opponent, randomOpponent } from '../games/opponent.ts';
import { seat } from '../games/seat.ts';
import { Minimax } from '../games/solve/minimax.ts';
import { defineEnv, type EnvEntry } from './entry.ts';

/**
 * The entry of a game: a seat of it.
 * @param opponents what makes each one that may be asked for, the default first
 */
function seatOf<Name extends string>(
  id: string,
  summary: string,
  opponents: Record<Name, () => Opponent>,
): EnvEntry {
  const names = Object.keys(opponents) as [Name, ...Name[]];
  const options = z.strictObject({
    opponent: z.enum(names).default(names[0]).describe('Who plays the other seat.'),
    seat: z
      .literal([0, 1, 'alternate'])
      .default('alternate')
      .describe('The own seat; 0 begins. alternate: each in turn, an episode each.'),
  });
  return defineEnv<z.infer<typeof options>>({
    id,
    summary,
    options,
    make: ({ opponent, seat: own }) =>
      seat(makeGame(id), { seat: own, opponents: opponents[opponent]() }),
  }) as EnvEntry;
}

const random = { random: () => randomOpponent };

/** A seat of each built-in game. */
export const games: readonly EnvEntry[] = [
  seatOf('TicTacToe-v0', 'Three in a line: a seat of tic-tac-toe.', {
    ...random,
    perfect: () => new Minimax().opponent,
  }),
  seatOf('ConnectFour-v0', 'Four in a line, of stones that fall: a seat of Connect Four.', random),
  seatOf('Othello6-v0', 'Enclose stones to turn them: a seat of Othello on 6 × 6 cells.', random),
  seatOf('Othello8-v0', 'Enclose stones to turn them: a seat of Othello on 8 × 8 cells.', random),
  seatOf('Kuhn-v0', 'Bet on one card of three: a seat of Kuhn’s poker.', random),
  seatOf('Leduc-v0', 'Bet on a card, and on one that all see: a seat of Leduc poker.', random),
];
