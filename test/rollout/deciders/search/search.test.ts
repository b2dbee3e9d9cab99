import { beforeAll, describe, expect, it } from 'vitest';
import { TicTacToe } from '../../../../src/envs/games/tic-tac-toe.ts';
import {
  frameStack,
  Minimax,
  type Opponent,
  randomOpponent,
  seat,
  timeLimit,
} from '../../../../src/envs/index.ts';
import { Agent, Box, type Env, evaluate, makeEnv } from '../../../../src/index.ts';
import { loadBackend } from '../../../../src/kernels/index.ts';
import { distributionFor } from '../../../../src/policy/index.ts';
import { forked, forkedAgent } from '../../../support/forked-env.ts';
import { tinyConfig } from '../../../support/tiny-config.ts';
import { uniformAgent, uniformPolicy } from '../../../support/uniform-agent.ts';

beforeAll(async () => {
  await loadBackend('simd');
});

/** Tic-tac-toe from a position on. */
class From extends TicTacToe {
  readonly #moves: readonly number[];

  constructor(moves: readonly number[]) {
    super();
    this.#moves = moves;
  }

  protected override start() {
    return this.#moves.reduce((state, move) => this.after(state, move), super.start());
  }
}

const searched = (env: () => Env<never, never>, settings: object, options: object = {}) =>
  evaluate(uniformAgent(uniformPolicy(9)), {
    ...{ env, episodes: 4, forcedEpisodes: 0 },
    ...{ decider: { name: 'search', ...settings }, ...options },
  });

const ticTacToe = (moves: readonly number[], opponents: Opponent = new Minimax().opponent) =>
  (() => seat(new From(moves), { seat: moves.length % 2 === 0 ? 0 : 1, opponents })) as never;

describe('a search of a game', () => {
  it('wins in one, and stops the other’s win', async () => {
    const won = await searched(ticTacToe([0, 3, 1, 4]), { simulations: 32 });
    expect(won).toMatchObject({ successRate: 1, perEpisode: { decisions: 1 } });
    // x x . / . o . / . . . : o has to stop 0 1 2.
    const held = await searched(ticTacToe([0, 4, 1]), { simulations: 200 });
    expect(held.return.mean).toBe(0);
  });

  it('does not lose to perfect play, by a network that knows nothing', async () => {
    for (const moves of [[], [4]]) {
      const how = { episodes: 2 };
      const played = await searched(ticTacToe(moves), { simulations: 300 }, how);
      expect(played.return.mean).toBe(0);
    }
  });

  it('asks no opponent what it will do', async () => {
    let asked = 0;
    const counted: Opponent = (...given) => {
      asked++;
      return randomOpponent(...given);
    };
    const { perEpisode } = await searched(ticTacToe([], counted), { simulations: 20 });
    expect(asked).toBeLessThanOrEqual(4 * perEpisode!.decisions);
    expect(perEpisode!.thoughts).toBeGreaterThan(20);
  });

  it('thinks about no observation twice, in one search or the next', async () => {
    const seen: string[] = [];
    const policy = uniformPolicy(9, (rows) => seen.push(...rows.map(String)));
    await evaluate(uniformAgent(policy, { env: { count: 1 } } as never), {
      ...{ env: ticTacToe([0, 4, 8]), episodes: 1, forcedEpisodes: 0 },
      decider: { name: 'search', simulations: 100 },
    });
    expect(seen.length).toBeGreaterThan(40);
    expect(new Set(seen).size).toBe(seen.length);
  });

  it('is the same by the same seed, and draws where actions are drawn', async () => {
    const play = (seed: number, deterministic: boolean) => {
      const actions: number[] = [];
      const noting = () => {
        const env = seat(new From([]), { seat: 0, opponents: new Minimax().opponent });
        const { step } = env;
        env.step = (action) => {
          actions.push(action);
          return step.call(env, action);
        };
        return env;
      };
      const how = { seed, deterministic, episodes: 6 };
      return searched(noting as never, { simulations: 8 }, how).then(() => actions);
    };
    expect(await play(1, false)).toEqual(await play(1, false));
    expect(await play(2, false)).not.toEqual(await play(1, false));
    expect(new Set((await play(1, false)).slice(0, 6)).size).toBeGreaterThan(1);
  });

  it('takes the likeliest action where there is no time', async () => {
    const { perEpisode } = await searched(ticTacToe([]), {}, { deadlineMs: 0 });
    expect(perEpisode!.thoughts).toBe(perEpisode!.decisions);
  });

  it('refuses hidden information', async () => {
    const kuhn = () => makeEnv('Kuhn-v0') as never;
    await expect(searched(kuhn, {})).rejects.toThrow(
      'expected a game of perfect information, since a search sees what is hidden from its player, got Kuhn-v0',
    );
  });
});

describe('a search of an environment', () => {
  const maze = () => makeEnv('Maze-v0', { size: 3, mask: true }) as never;
  const walker = () => uniformAgent(uniformPolicy(4));
  const walked = (settings: object, options: object = {}) =>
    evaluate(walker(), {
      ...{ env: maze, episodes: 8, forcedEpisodes: 0 },
      ...{ decider: { name: 'search', ...settings }, ...options },
    });

  it('finds its way by the rewards of the simulator', async () => {
    const by = await Promise.all([1, 100].map((simulations) => walked({ simulations })));
    expect(by[1].successRate).toBe(1);
    expect(by[1].perEpisode!.decisions).toBeLessThan(6);
    expect(by[0].successRate).toBeLessThan(1);
  });

  it.each([
    ['Sokoban-v0', { size: 4, maxSteps: 12, maxPushes: 2, progressReward: 0.5 }],
    ['Maze-v0', { size: 3, maxSteps: 12, doors: 4, progressReward: 0.5 }],
  ])('avoids in %s what cannot be made up for', async (id, options) => {
    const env = () => makeEnv(id, options) as never;
    const [blind, seeing] = await Promise.all(
      [1, 50].map((simulations) => walked({ simulations }, { env })),
    );
    expect(seeing.envMetrics).toEqual({ dead: 0 });
    expect(blind.envMetrics!.dead).toBeGreaterThan(0);
    expect(seeing.successRate).toBeGreaterThan(blind.successRate!);
  });

  it('counts a time limit too, and refuses frames, which it would mix', async () => {
    const limited = () => timeLimit(makeEnv('Maze-v0', { size: 3 }), { maxSteps: 2 }) as never;
    const { perEpisode } = await walked({ simulations: 4 }, { env: limited });
    expect(perEpisode!.decisions).toBeLessThanOrEqual(2);
    const stacked = () => frameStack(makeEnv('Maze-v0'), { count: 2 }) as never;
    await expect(walked({}, { env: stacked })).rejects.toThrow(
      'expected an environment that can be searched (forSearch), since a copy would foresee what chance draws; got one that cannot',
    );
  });

  it('refuses an environment without snapshots', async () => {
    const without = () => forked({ without: true }) as never;
    const decider = 'search';
    const played = evaluate(forkedAgent(), { env: without, episodes: 1, decider });
    await expect(played).rejects.toThrow('has no snapshots');
  });

  it('refuses actions without probabilities, values that nothing trained, and a memory', async () => {
    const options = { env: maze, episodes: 1, decider: 'search' };
    const distribution = distributionFor(new Box({ shape: [2], low: -1, high: 1 }));
    const moving = uniformAgent({ ...uniformPolicy(4), distribution } as never);
    await expect(evaluate(moving, options)).rejects.toThrow(
      'decider search: expected a policy that gives each action of one Discrete space a probability, got one of 2 numbers',
    );
    const cloned = uniformAgent(uniformPolicy(4), { algorithm: 'likelihood' });
    await expect(evaluate(cloned, options)).rejects.toThrow(
      'decider search: expected a policy with values, got that of an algorithm that learns from demonstrations and trains none',
    );
    const remembering = await Agent.create(
      tinyConfig({
        env: { id: 'Maze-v0', count: 1 },
        memory: { length: 4, prelude: 1, observationsOnly: true },
      } as never),
      '.',
    );
    await expect(evaluate(remembering, { episodes: 1, decider: 'search' })).rejects.toThrow(
      'expected a policy without a memory',
    );
    remembering.dispose();
  });
});

describe('more thoughts and deeper ones', () => {
  it('are counted apart', async () => {
    const agent = await Agent.create(
      tinyConfig({ env: { id: 'TicTacToe-v0', count: 2 } } as never),
      '.',
    );
    const by = [1, 3].map((maxSteps) =>
      evaluate(agent, {
        ...{ episodes: 2, forcedEpisodes: 0, exit: 'fixed', maxSteps },
        decider: { name: 'search', simulations: 10 },
      }),
    );
    for (const [i, { perEpisode }] of (await Promise.all(by)).entries()) {
      const { decisions, thoughts, ponderSteps } = perEpisode!;
      expect(ponderSteps).toBe(thoughts * [1, 3][i]);
      expect(thoughts).toBeGreaterThan(2 * decisions);
      expect(thoughts).toBeLessThanOrEqual(11 * decisions);
    }
    agent.dispose();
  });
});
