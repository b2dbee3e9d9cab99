import { z } from 'zod';
import { makeGame } from '../games/game-registry.ts';
import { makeOpponent, opponentNames, SIMULATIONS } from '../games/opponents.ts';
import { seat } from '../games/seat.ts';
import { defineEnv, type EnvEntry } from './entry.ts';

const simulations = z
  .int()
  .min(1)
  .max(1_000_000)
  .default(SIMULATIONS)
  .describe('Random plays that the opponent mcts makes for each of its actions.');

/** The entry of a game: a seat of it. */
function seatOf(id: string, summary: string): EnvEntry {
  const names = opponentNames(id);
  const options = z.strictObject({
    opponent: z.enum(names).default(names[0]).describe('Who plays the other seat.'),
    ...(names.includes('mcts') && { simulations }),
    opening: z
      .int()
      .min(0)
      .max(1000)
      .default(0)
      .describe(
        'The most random plies with which a play begins, whoever’s: so a policy learns positions to which none of its own plays leads. How many is drawn for each play.',
      ),
    seat: z
      .literal([0, 1, 'alternate'])
      .default('alternate')
      .describe('The own seat; 0 begins. alternate: each in turn, an episode each.'),
  });
  type Options = z.infer<typeof options> & { simulations: number };
  return defineEnv<Options>({
    id,
    summary,
    options: options as unknown as z.ZodType<Options>,
    make: ({ opponent, seat: own, opening, ...how }) =>
      seat(makeGame(id), { seat: own, opening, opponents: makeOpponent(id, opponent, how) }),
  }) as EnvEntry;
}

/** A seat of each built-in game. */
export const games: readonly EnvEntry[] = [
  seatOf('TicTacToe-v0', 'Three in a line: a seat of tic-tac-toe.'),
  seatOf('ConnectFour-v0', 'Four in a line, of stones that fall: a seat of Connect Four.'),
  seatOf('Othello6-v0', 'Enclose stones to turn them: a seat of Othello on 6 × 6 cells.'),
  seatOf('Othello8-v0', 'Enclose stones to turn them: a seat of Othello on 8 × 8 cells.'),
  seatOf('Kuhn-v0', 'Bet on one card of three: a seat of Kuhn’s poker.'),
  seatOf('Leduc-v0', 'Bet on a card, and on one that all see: a seat of Leduc poker.'),
];
