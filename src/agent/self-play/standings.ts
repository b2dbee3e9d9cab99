import {
  type EnvMetrics,
  exploitability,
  GameTree,
  makeGame,
  randomOpponent,
} from '../../envs/index.ts';
import type { ActingAgent } from '../agent/acting-agent.ts';
import { policyInGame } from '../evaluate/policy-in-game.ts';
import { opponentPlayer } from '../match/players.ts';
import { tournament } from '../match/tournament.ts';
import type { SelfPlay } from './self-play.ts';

export interface StandingsOptions {
  /** Games of each pair; 0 holds no tournament. */
  games: number;
  /** Of the games. */
  seed: number;
  signal?: AbortSignal;
}

const RANDOM = 'random';

/**
 * How strong a policy is among its opponents, as numbers by name: for the latest self, the strongest past one and each fixed opponent
 * `elo/…`, how much stronger it is than random play, and `elo/…/error`, the standard error; and `exploitability` where the game is one of hidden
 * information, whose tree is small enough.
 */
export async function standings(
  agent: ActingAgent,
  { players: { latest, fixed, past } }: SelfPlay,
  { games, ...options }: StandingsOptions,
): Promise<EnvMetrics> {
  const id = agent.config.env.id!;
  const found: Record<string, number> = {};
  if (games > 0) {
    const others = fixed.filter(({ name }) => name !== RANDOM);
    const players = [opponentPlayer(RANDOM, randomOpponent), latest, ...others, ...past];
    const { ratings } = await tournament(() => makeGame(id), players, { games, ...options });
    const over = players.map((_, i) => ratings.difference(i, 0));
    const strongest = over.slice(2 + others.length).sort((a, b) => b.elo - a.elo)[0];
    const shown = [
      ['latest', over[1]] as const,
      ...others.map(({ name }, i) => [name, over[2 + i]] as const),
      ...(strongest ? [['past', strongest] as const] : []),
    ];
    for (const [name, { elo, standardError }] of shown) {
      found[`elo/${name}`] = elo;
      found[`elo/${name}/error`] = standardError;
    }
  }
  const game = makeGame(id);
  // Where all see everything, there are as many information states as plays.
  if (!game.perfectInformation) {
    const tree = new GameTree(game);
    found.exploitability = exploitability(tree, await policyInGame(agent, tree));
  }
  return found;
}
