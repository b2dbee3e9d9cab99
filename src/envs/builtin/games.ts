import { z } from 'zod';
import { ConnectFour } from '../games/connect-four.ts';
import type { Game } from '../games/game.ts';
import { Kuhn } from '../games/kuhn.ts';
import { Leduc } from '../games/leduc.ts';
import { type Opponent, randomOpponent } from '../games/opponent.ts';
import { Othello } from '../games/othello.ts';
import { seat } from '../games/seat.ts';
import { Minimax } from '../games/solve/minimax.ts';
import { TicTacToe } from '../games/tic-tac-toe.ts';
import { defineEnv, type EnvEntry } from './entry.ts';

/** One seat of a game: its entry. @param opponents what makes each one that may be asked for */
function seatOf<Name extends string>(
  makeGame: () => Game,
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
    id: makeGame().id,
    summary,
    options,
    make: ({ opponent, seat: own }) =>
      seat(makeGame(), { seat: own, opponents: opponents[opponent]() }),
  }) as EnvEntry;
}

const random = { random: () => randomOpponent };

/** A seat of each game. */
export const games: readonly EnvEntry[] = [
  seatOf(() => new TicTacToe(), 'Three in a line: a seat of tic-tac-toe.', {
    ...random,
    perfect: () => new Minimax().opponent,
  }),
  seatOf(
    () => new ConnectFour(),
    'Four in a line, of stones that fall: a seat of Connect Four.',
    random,
  ),
  seatOf(
    () => new Othello(6),
    'Enclose stones to turn them: a seat of Othello on 6 × 6 cells.',
    random,
  ),
  seatOf(() => new Kuhn(), 'Bet on one card of three: a seat of Kuhn’s poker.', random),
  seatOf(
    () => new Leduc(),
    'Bet on a card, and on one that all see: a seat of Leduc poker.',
    random,
  ),
];
