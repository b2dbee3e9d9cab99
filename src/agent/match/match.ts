import {
  type Checks,
  callback,
  checkOptions,
  integer,
  signalCheck,
} from '../../envs/common/index.ts';
import type { Game } from '../../envs/index.ts';
import { Rng } from '../../kernels/index.ts';
import { UsageError } from '../common/errors.ts';
import { mean, standardError } from '../events/statistics.ts';
import { SIDE_BY_SIDE } from './game-decider.ts';
import { playOut } from './play-out.ts';
import type { Player } from './players.ts';
import { rate } from './ratings.ts';

/** How many games a match has. */
export interface MatchOptions {
  /** Games, each player in each seat of half of them; default 100. */
  games?: number;
  /** The same seed plays the same games; default 0. */
  seed?: number;
  /** Abort it to end the match, which then rejects with the signal's reason. */
  signal?: AbortSignal;
  /** Receives the number of games played so far. */
  progress?: (games: number) => void;
}

const matchChecks: Checks<MatchOptions> = {
  games: integer(1),
  seed: integer(0),
  signal: signalCheck,
  progress: callback,
};

/** Games counted by how they ended for a player: won where its return is the higher one. */
export interface Score {
  wins: number;
  draws: number;
  losses: number;
}

/** What a player came to in a match. */
export interface Standing extends Score {
  name: string;
  /** The score in each seat of the game [2]. */
  bySeat: readonly Score[];
  /** Return of a game; the standard error is null of a single game. */
  return: { mean: number; standardError: number | null };
}

/** The result of a match. */
export interface Match {
  /** The game's id. */
  game: string;
  games: number;
  /** Both players, in the order given. */
  players: readonly [Standing, Standing];
  /** How much stronger the first player is (`rate`), with its standard error. */
  elo: { difference: number; standardError: number };
}

/**
 * Lets two players play a game again and again, seats exchanged from game to game. Games go on side by side, so agents that are asked at
 * once think in a batch; one at a time where the time of a player's decisions is limited.
 *
 * ```ts
 * import { Agent } from 'pondera';
 * import { agentPlayer, match, opponentPlayer } from 'pondera/agent';
 * import { makeGame, randomOpponent } from 'pondera/envs';
 *
 * const agent = await Agent.load('runs/tic-tac-toe');
 * const players = [agentPlayer(agent, 'ours'), opponentPlayer('random', randomOpponent)] as const;
 * const { players: [ours], elo } = await match(() => makeGame('TicTacToe-v0'), players, { games: 1000 });
 * console.log(ours.wins, ours.draws, ours.losses, elo.difference);
 * ```
 *
 * @param makeGame makes a game of two players; called for each that is played side by side
 * @throws UsageError for a game of other than two players, or one that a player does not play; RangeError for an unknown option; Error for an
 *   action that is not legal or a play that does not end
 */
export async function match(
  makeGame: () => Game,
  players: readonly [Player, Player],
  options: MatchOptions = {},
): Promise<Match> {
  checkOptions('match', options, matchChecks);
  const { games = 100, seed = 0, signal, progress } = options;
  const one = makeGame();
  if (one.players !== 2) {
    throw new UsageError(`match: expected a game of 2 players, got ${one.id} of ${one.players}`);
  }
  const joined = players.map((player) => player.join(makeGame));
  const sideBySide = players.some(({ timed }) => timed) ? 1 : SIDE_BY_SIDE;
  /** What each player of the match has won [games][2]. */
  const won: (readonly [number, number])[] = new Array(games);
  let begun = 0;
  let ended = 0;
  const play = async (game: Game, index: number) => {
    const first = index % 2;
    const seated = [0, 1].map((seat) => {
      const player = (first + seat) % 2;
      const rng = Rng.seed(seed, 'match', index, seat);
      return { name: players[player].name, choose: joined[player](game), rng };
    });
    const returns = await playOut(game, seated, Rng.seed(seed, 'match', index));
    won[index] = [returns[first], returns[1 - first]];
  };
  const playOn = async () => {
    const game = makeGame();
    while (begun < games) {
      signal?.throwIfAborted();
      try {
        await play(game, begun++);
      } catch (error) {
        // The others end with their present games.
        begun = games;
        throw error;
      }
      progress?.(++ended);
    }
  };
  await Promise.all(Array.from({ length: Math.min(sideBySide, games) }, playOn));
  const standings = players.map(({ name }, i) => standing(name, won, i)) as [Standing, Standing];
  const { wins, draws } = standings[0];
  const { elo, standardError } = rate(2, [
    { players: [0, 1], score: wins + draws / 2, games },
  ]).difference(0, 1);
  return { game: one.id, games, players: standings, elo: { difference: elo, standardError } };
}

/** Player `i` sits in seat `(index + i) % 2` of a game. */
function standing(name: string, won: readonly (readonly [number, number])[], i: number): Standing {
  const bySeat = [0, 1].map((seat) =>
    scoreOf(
      won.filter((_, index) => (index + i) % 2 === seat),
      i,
    ),
  );
  const own = won.map((returns) => returns[i]);
  return {
    name,
    ...scoreOf(won, i),
    bySeat,
    return: { mean: mean(own)!, standardError: standardError(own) },
  };
}

function scoreOf(won: readonly (readonly [number, number])[], i: number): Score {
  const ahead = won.map((returns) => Math.sign(returns[i] - returns[1 - i]));
  const count = (sign: number) => ahead.filter((one) => one === sign).length;
  return { wins: count(1), draws: count(0), losses: count(-1) };
}
