import type { Game } from '../../envs/index.ts';
import { Rng } from '../../kernels/index.ts';
import { type Match, type MatchOptions, match } from './match.ts';
import type { Player } from './players.ts';
import { type PairScore, type Ratings, rate } from './ratings.ts';

/** The result of a tournament. */
export interface Tournament {
  /** The strengths of the players, in the order given. */
  ratings: Ratings;
  /** The match of each pair: the first against the second, against the third, and so on. */
  matches: Match[];
}

/**
 * Lets each pair of players play a match, and rates all by all games.
 * @param options as of `match`, for each pair
 * @throws as `match`
 */
export async function tournament(
  makeGame: () => Game,
  players: readonly Player[],
  { seed = 0, ...options }: Omit<MatchOptions, 'progress'> = {},
): Promise<Tournament> {
  const matches: Match[] = [];
  const scores: PairScore[] = [];
  for (let a = 0; a < players.length; a++) {
    for (let b = a + 1; b < players.length; b++) {
      const own = Rng.seed(seed, 'tournament', a, b).uint32();
      const played = await match(makeGame, [players[a], players[b]], { ...options, seed: own });
      const [{ wins, draws }] = played.players;
      matches.push(played);
      scores.push({ players: [a, b], score: wins + draws / 2, games: played.games });
    }
  }
  return { ratings: rate(players.length, scores), matches };
}
