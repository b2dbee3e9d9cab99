import { beforeAll, describe, expect, it, vi } from 'vitest';
import { Agent } from '../../../src/agent/agent/agent.ts';
import type { DeciderOption } from '../../../src/agent/agent/create-decider.ts';
import {
  type AgentSession,
  agentPlayer,
  match,
  opponentPlayer,
  type Player,
  tournament,
} from '../../../src/agent/index.ts';
import {
  Discrete,
  type Game,
  makeGame,
  makeOpponent,
  randomOpponent,
  StateGame,
} from '../../../src/envs/index.ts';
import { loadBackend, Rng } from '../../../src/kernels/index.ts';
import { tinyConfig } from '../../support/tiny-config.ts';

const ticTacToe = () => makeGame('TicTacToe-v0');
const first = opponentPlayer('first', (_obs, [action]) => action);
const random = opponentPlayer('random', randomOpponent);

/** A game of one action a turn that has no end, whatever it says of its length. */
class Endless extends StateGame<number, number> {
  readonly observationSpace = new Discrete(1);
  readonly actionSpace = new Discrete(1);
  readonly maxLength = 5;
  readonly perfectInformation = true;
  protected start() {
    return 0;
  }
  protected turnIn(moves: number) {
    return moves % 2;
  }
  protected legalIn() {
    return [0];
  }
  protected after(moves: number) {
    return moves + 1;
  }
  protected returnsIn() {
    return [0, 0];
  }
  protected observed() {
    return 0;
  }
  protected known(moves: number) {
    return String(moves);
  }
}

describe('a match', () => {
  it('exchanges seats, and counts by them', async () => {
    // Who begins takes 0, 2, 4 and 6, and wins by the diagonal.
    const played = await match(ticTacToe, [first, { ...first, name: 'second' }], { games: 6 });
    const [won, lost] = [
      { wins: 3, draws: 0, losses: 0 },
      { wins: 0, draws: 0, losses: 3 },
    ];
    const own = { wins: 3, draws: 0, losses: 3, bySeat: [won, lost] };
    // Six returns of ±1: a variance of 6/5, over 6.
    const result = { mean: 0, standardError: Math.sqrt(1 / 5) };
    expect(played).toMatchObject({
      ...{ game: 'TicTacToe-v0', games: 6 },
      players: [
        { name: 'first', ...own, return: { mean: 0 } },
        { name: 'second', ...own, return: { mean: 0 } },
      ],
    });
    expect(played.players[0].return.standardError).toBeCloseTo(result.standardError, 12);
    expect(played.elo.difference).toBeCloseTo(0, 9);
  });

  it('counts what each player gets, wherever it sits', async () => {
    const perfect = opponentPlayer('perfect', makeOpponent('TicTacToe-v0', 'perfect'));
    const played = await match(ticTacToe, [random, perfect], { games: 100, seed: 3 });
    const [weak, strong] = played.players;
    expect(weak.wins).toBe(0);
    expect(strong).toMatchObject({ losses: 0, wins: weak.losses, draws: weak.draws });
    expect(strong.return.mean).toBeCloseTo(strong.wins / 100, 12);
    expect(weak.return.mean).toBeCloseTo(-strong.return.mean, 12);
    expect(strong.bySeat[0].wins + strong.bySeat[1].wins).toBe(strong.wins);
    // Who begins wins more of them.
    expect(strong.bySeat[0].wins).toBeGreaterThan(strong.bySeat[1].wins);
    expect(played.elo.difference).toBeLessThan(-2 * played.elo.standardError);
  });

  it('is the same by the same seed, with chance and hidden cards', async () => {
    const play = (seed: number) =>
      match(() => makeGame('Leduc-v0'), [random, first], { games: 50, seed });
    expect(await play(4)).toEqual(await play(4));
    expect((await play(5)).players[0].return).not.toEqual((await play(4)).players[0].return);
  });

  it('reports a single game without an error of its return', async () => {
    const played = await match(ticTacToe, [first, random], { games: 1 });
    expect(played.players[0].return.standardError).toBeNull();
    expect(played.players[0].bySeat[1]).toEqual({ wins: 0, draws: 0, losses: 0 });
  });

  it('names a player whose action is not legal', async () => {
    const cheat = opponentPlayer('cheat', (_obs, legal) => 1 + legal.at(-1)!);
    await expect(match(ticTacToe, [random, cheat], { games: 2 })).rejects.toThrow(
      'TicTacToe-v0: cheat: expected a legal action, one of ',
    );
  });

  it('ends where a play does not', async () => {
    const play = match(() => new Endless('Endless-v0'), [first, first]);
    await expect(play).rejects.toThrow(
      'Endless-v0: expected a play of at most 5 actions (maxLength), got more',
    );
  });

  it('refuses a game of other than two players, and unknown options', async () => {
    const three = Object.assign(ticTacToe(), { players: 3 });
    await expect(match(() => three as Game, [first, first])).rejects.toThrow(
      'match: expected a game of 2 players, got TicTacToe-v0 of 3',
    );
    await expect(match(ticTacToe, [first, first], { game: 3 } as never)).rejects.toThrow(
      'match: game: no such option; did you mean games?',
    );
  });

  it('has one game at a time where decisions are limited by time', async () => {
    const most = async (timed: boolean) => {
      let [now, highest] = [0, 0];
      const slow = opponentPlayer('slow', async (_obs, [action]) => {
        highest = Math.max(highest, ++now);
        await Promise.resolve();
        now--;
        return action;
      });
      await match(ticTacToe, [{ ...slow, timed }, first], { games: 8 });
      return highest;
    };
    expect(await most(true)).toBe(1);
    expect(await most(false)).toBeGreaterThan(1);
  });

  it('ends as its signal is aborted', async () => {
    const controller = new AbortController();
    const playing = match(ticTacToe, [random, first], {
      games: 100_000,
      signal: controller.signal,
      progress: (games) => games === 10 && controller.abort(new Error('enough')),
    });
    await expect(playing).rejects.toThrow('enough');
  });
});

describe('a tournament', () => {
  it('rates who plays by all matches', async () => {
    const perfect = opponentPlayer('perfect', makeOpponent('TicTacToe-v0', 'perfect'));
    const { ratings, matches } = await tournament(ticTacToe, [random, first, perfect], {
      games: 60,
    });
    expect(matches.map(({ players }) => players.map(({ name }) => name).join())).toEqual([
      'random,first',
      'random,perfect',
      'first,perfect',
    ]);
    const { elo } = ratings;
    expect(elo[2]).toBeGreaterThan(elo[1]);
    expect(elo[1]).toBeGreaterThan(elo[0]);
    expect(ratings.difference(2, 0).elo).toBeGreaterThan(
      2 * ratings.difference(2, 0).standardError,
    );
  });
});

describe('an agent as a player', () => {
  beforeAll(() => loadBackend('simd', { threads: 1 }));

  const agentOf = (input: Parameters<typeof tinyConfig>[0]) => Agent.create(tinyConfig(input), '.');
  const play = (player: Player, id = 'TicTacToe-v0') =>
    match(() => makeGame(id), [player, random], { games: 20 });

  it('plays by what it sees, its draws by the seed of the match', async () => {
    const agent = await agentOf({ env: { id: 'TicTacToe-v0' } });
    const player = agentPlayer(agent, 'ours', { deterministic: false });
    expect(await play(player)).toEqual(await play(player));
    agent.dispose();
  });

  it('that remembers begins each play anew', async () => {
    const agent = await agentOf({ env: { id: 'Kuhn-v0' }, memory: { length: 4 } });
    const session = vi.spyOn(agent, 'session');
    const { games } = await play(agentPlayer(agent, 'ours', { deterministic: false }), 'Kuhn-v0');
    expect(session).toHaveBeenCalledTimes(games);
    const sessions = session.mock.results.map(({ value }) => value as AgentSession);
    const decisions = sessions.map(({ memory }) => memory!.entries.length);
    // Who passes first is asked again where the other bets.
    const [least, most] = [Math.min(...decisions), Math.max(...decisions)];
    expect([most - least, new Set(decisions).size]).toEqual([1, 2]);
    agent.dispose();
  });

  it('by search plays the move that wins, from either seat, and leaves the game where it is', async () => {
    const agent = await agentOf({ env: { id: 'TicTacToe-v0' } });
    const player = agentPlayer(agent, 'ours', { decider: { name: 'search', simulations: 32 } });
    for (const [moves, wins] of [
      [[0, 3, 1, 4], 2],
      [[0, 3, 1, 4, 8], 5],
    ] as const) {
      const game = ticTacToe();
      for (const move of moves) game.apply(move);
      const before = game.snapshot();
      const obs = game.observe(game.turn() as number);
      const choose = player.join(ticTacToe)(game);
      expect(await choose(obs, game.legalActions(), Rng.seed(1), game)).toBe(wins);
      expect(game.snapshot()).toEqual(before);
    }
    agent.dispose();
  });

  it('by best of n and by search plays the same by the same seed', async () => {
    const agent = await agentOf({ env: { id: 'TicTacToe-v0' } });
    for (const decider of [
      { name: 'sample', answers: 3, by: 'value' },
      { name: 'search', simulations: 3 },
    ]) {
      const player = agentPlayer(agent, 'ours', { decider, deterministic: false });
      expect(await play(player)).toEqual(await play(player));
    }
    agent.dispose();
  });

  it('refuses a decider that it cannot decide by', async () => {
    const agent = await agentOf({ env: { id: 'Kuhn-v0' }, memory: { length: 4 } });
    const decided = (decider: DeciderOption) => () => agentPlayer(agent, 'ours', { decider });
    expect(decided('guess')).toThrow('decider: expected one of ponder, sample, tree, search');
    expect(decided('search')).toThrow(
      'ours: decider search: expected a run without a memory or stacked frames, since it judges each position by itself, got memory.length 4',
    );
    agent.dispose();
  });

  it('refuses a game that it does not know', async () => {
    const agent = await agentOf({ env: { id: 'Kuhn-v0' } });
    await expect(play(agentPlayer(agent, 'runs/kuhn'))).rejects.toThrow(
      'runs/kuhn: expected a run of TicTacToe-v0, got one of Kuhn-v0',
    );
    agent.dispose();
    const hidden = await agentOf({ env: { id: 'Kuhn-v0', hide: [0] } });
    await expect(play(agentPlayer(hidden, 'half'), 'Kuhn-v0')).rejects.toThrow(
      'half: expected a run that plays Kuhn-v0 as it is, got one with env.hide',
    );
    hidden.dispose();
    const other = await agentOf({});
    await expect(
      match(() => new Endless('Endless-v0'), [agentPlayer(other, 'other'), random]),
    ).rejects.toThrow(/other: expected a run with the observations and actions of /);
    other.dispose();
  });
});
