import { z } from 'zod';
import { gameIds, opponentNames } from '../../../envs/builtin/index.ts';
import { count, fraction } from '../../common/config-numbers.ts';

/** The section `selfPlay` of a config. */
export const selfPlaySettings = z
  .strictObject({
    latest: fraction
      .default(0.5)
      .describe('Share of episodes against the policy as it is, which then plays all seats.'),
    fixed: fraction
      .default(0)
      .describe(
        'Share of episodes against `opponents`, each of them as often. The other episodes are against past selves, each as often.',
      ),
    opponents: z
      .array(z.string())
      .default([])
      .describe(
        'Opponents of the game (random, mcts, perfect) that the policy is compared with, and learns from by the share `fixed`.',
      ),
    everyUpdates: count
      .default(10)
      .describe('Updates after which the policy is offered to the pool of past selves.'),
    size: count
      .default(8)
      .describe(
        'Past selves in the pool. Once it is full, the n-th one offered takes the place of a random one with probability size / n, so that all are as likely to be in it (reservoir sampling).',
      ),
    games: z
      .int()
      .min(0)
      .default(20)
      .describe(
        'Games of each pair in the tournament that each evaluation holds between the policy, its past selves, `opponents` and random; 0 holds none.',
      ),
  })
  .refine(({ latest, fixed }) => latest + fixed <= 1, {
    message: 'expected at most 1 together with latest',
    path: ['fixed'],
  })
  .refine(({ fixed, opponents }) => fixed === 0 || opponents.length > 0, {
    message: 'expected 0, since opponents has none',
    path: ['fixed'],
  });

export type SelfPlaySettings = z.infer<typeof selfPlaySettings>;

interface Fields {
  env: { id?: string; hide?: unknown; realTime?: unknown; workers?: number; frameStack: number };
  memory: { length: number };
  algorithm: string;
  selfPlay?: SelfPlaySettings;
}

/** Why a config cannot be trained by self-play; undefined where it can, or is not to be. */
export function explainSelfPlay({ env, memory, algorithm, selfPlay }: Fields) {
  if (selfPlay === undefined) return undefined;
  const { id = '' } = env;
  if (!gameIds().includes(id)) {
    const ids = gameIds().join(', ');
    return {
      message: `expected a built-in game together with selfPlay, one of ${ids}`,
      path: ['env', 'id'],
    };
  }
  const names = opponentNames(id);
  const unknown = selfPlay.opponents.findIndex((name) => !names.includes(name));
  if (unknown >= 0) {
    const message = `expected an opponent of ${id}, one of ${names.join(', ')}`;
    return { message, path: ['selfPlay', 'opponents', unknown] };
  }
  const none = 'expected none together with selfPlay, whose opponents see a game as it is';
  if (env.hide !== undefined) return { message: none, path: ['env', 'hide'] };
  if (env.realTime !== undefined) return { message: none, path: ['env', 'realTime'] };
  if (env.workers !== undefined) {
    const message =
      'expected none together with selfPlay, whose opponents think in the training thread';
    return { message, path: ['env', 'workers'] };
  }
  if (env.frameStack > 1) {
    return { message: 'expected 1 together with selfPlay', path: ['env', 'frameStack'] };
  }
  if (memory.length > 0) {
    const message =
      'expected 0 together with selfPlay: observations of a game tell all that a player knows';
    return { message, path: ['memory', 'length'] };
  }
  if (algorithm !== 'ppo') {
    const message = 'expected ppo together with selfPlay, whose policies draw their actions';
    return { message, path: ['algorithm'] };
  }
  return undefined;
}
