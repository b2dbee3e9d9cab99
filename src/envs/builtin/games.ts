import { z } from 'zod';
import { makeGame } from '../games/game-registry.ts';
import { type Opponent, randomOpponent } from '../games/opponent.ts';
import { seat } from '../games/seat.ts';
import { Mcts } from '../games/solve/mcts.ts';
import { Minimax } from '../games/solve/minimax.ts';
import { defineEnv, type EnvEntry } from './entry.ts';

/** What makes an opponent, by the options of the environment. */
type MakeOpponent = (options: { simulations: number }) => Opponent;

const random = { random: () => randomOpponent };
const searching = {
  ...random,
  mcts: (options: { simulations: number }) => new Mcts(options).opponent,
};

const simulations = z
  .int()
  .min(1)
  .max(1_000_000)
  .default(100)
  .describe('Random plays that the opponent mcts makes for each of its actions.');

/**
 * The entry of a game: a seat of it.
 * @param opponents what makes each one that may be asked for, the default first
 */
function seatOf<Name extends string>(
  id: string,
  summary: string,
  opponents: Record<Name, MakeOpponent>,
): EnvEntry {
  const names = Object.keys(opponents) as [Name, ...Name[]];
  const options = z.strictObject({
    opponent: z.enum(names).default(names[0]).describe('Who plays the other seat.'),
    ...('mcts' in opponents && { simulations }),
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
    make: ({ opponent, seat: own, ...how }) =>
      seat(makeGame(id), { seat: own, opponents: opponents[opponent](how) }),
  }) as EnvEntry;
}

/** A seat of each built-in game. */
export const games: readonly EnvEntry[] = [
  seatOf('TicTacToe-v0', 'Three in a line: a seat of tic-tac-toe.', {
    ...searching,
    perfect: () => new Minimax().opponent,
  }),
  seatOf(
    'ConnectFour-v0',
    'Four in a line, of stones that fall: a seat of Connect Four.',
    searching,
  ),
  seatOf(
    'Othello6-v0',
    'Enclose stones to turn them: a seat of Othello on 6 × 6 cells.',
    searching,
  ),
  seatOf(
    'Othello8-v0',
    'Enclose stones to turn them: a seat of Othello on 8 × 8 cells.',
    searching,
  ),
  seatOf('Kuhn-v0', 'Bet on one card of three: a seat of Kuhn’s poker.', random),
  seatOf('Leduc-v0', 'Bet on a card, and on one that all see: a seat of Leduc poker.', random),
];
