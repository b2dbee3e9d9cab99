import { describe, expect, it } from 'vitest';
import {
  checkEnv,
  type Env,
  Minimax,
  makeEnv,
  makeGame,
  type Opponent,
  randomOpponent,
  seat,
} from '../../../src/envs/index.ts';
import { Rng } from '../../../src/kernels/index.ts';
import { HeapGame } from '../../support/heap-game.ts';

/** Takes the first legal action. */
const first: Opponent = (_obs, [action]) => action;

/** The return of an episode in which the own action is chosen by what is seen. */
async function returnOf(env: Env, choose: (obs: unknown, mask: number[]) => number, seed?: number) {
  let { obs, info } = await env.reset({ seed });
  for (;;) {
    const step = await env.step(choose(obs, info.actionMask as number[]));
    if (step.terminated) return { reward: step.reward, success: step.info.success };
    expect(step.reward).toBe(0);
    ({ obs, info } = step);
  }
}

describe('a seat', () => {
  it('shows the player’s own side, after what the opponent has done', () => {
    const env = seat(makeGame('TicTacToe-v0'), { seat: 1, opponents: first });
    const begun = env.reset({ seed: 1 });
    expect(begun).toEqual({
      obs: Int32Array.of(2, 0, 0, 0, 0, 0, 0, 0, 0),
      info: { actionMask: [0, 1, 1, 1, 1, 1, 1, 1, 1] },
    });
    expect(env.step(4)).toEqual({
      obs: Int32Array.of(2, 2, 0, 0, 1, 0, 0, 0, 0),
      reward: 0,
      terminated: false,
      truncated: false,
      info: { actionMask: [0, 0, 1, 1, 0, 1, 1, 1, 1] },
    });
    const lost = { reward: -1, terminated: true, truncated: false, info: { success: false } };
    expect(env.step(8)).toMatchObject(lost);
    expect(() => env.step(5)).toThrow('TicTacToe-v0: step() after the episode ended');
  });

  it('pays what the player has won, also where the opponent ends the play', () => {
    const env = seat(makeGame('TicTacToe-v0'), { seat: 0, opponents: first });
    env.reset();
    env.step(4);
    env.step(2);
    // x . o of the opponent: 0, 1, and now 6 wins for the player.
    expect(env.step(6)).toMatchObject({ reward: 1, terminated: true, info: { success: true } });
  });

  it('against a lineup draws who plays each play, and says so in its return and its snapshot', () => {
    const members: Record<string, Opponent> = { first, last: (_obs, legal) => legal.at(-1)! };
    const lineup = {
      draw: (rng: Rng) => ['first', 'last'][rng.int(2)],
      opponent: (name: string) => members[name],
      kind: (name: string) => `the ${name}`,
    };
    const env = seat(makeGame('TicTacToe-v0'), { seat: 1, opponents: lineup });
    const met = new Set<number>();
    for (let seed = 0; seed < 10; seed++) {
      const { obs } = env.reset({ seed }) as { obs: Int32Array };
      const [at, name] = obs[0] === 2 ? [0, 'first'] : [8, 'last'];
      met.add(at);
      expect(obs[at]).toBe(2);
      // Another environment goes on against the same one.
      const twin = seat(makeGame('TicTacToe-v0'), { seat: 1, opponents: lineup });
      twin.restore!(env.snapshot!());
      const [one, other] = [env, twin].map((each) => each.step(4));
      expect(other).toEqual(one);
      let step = one as { terminated: boolean; info: Record<string, unknown>; reward: number };
      while (!step.terminated) {
        const mask = step.info.actionMask as number[];
        step = env.step(name === 'first' ? mask.lastIndexOf(1) : mask.indexOf(1)) as typeof step;
      }
      expect(step.info.metrics).toEqual({ [`return against the ${name}`]: step.reward });
    }
    expect([...met].sort()).toEqual([0, 8]);
  });

  it('refuses actions that are not legal, and names those that are', () => {
    const env = seat(makeGame('TicTacToe-v0'), { seat: 1, opponents: first });
    env.reset();
    expect(() => env.step(0)).toThrow(
      'TicTacToe-v0: step(action): expected a legal action, one of 1, 2, 3, 4, 5, 6, 7, 8, got 0',
    );
    expect(() => env.step(1.5)).toThrow('got 1.5');
  });

  it('says which opponent did something illegal', () => {
    const env = seat(makeGame('TicTacToe-v0'), { seat: 1, opponents: () => 9 });
    expect(() => env.reset()).toThrow(
      'TicTacToe-v0: apply(action): expected a legal action of player 0, one of 0, 1, 2, 3, 4, 5, 6, 7, 8, got 9',
    );
  });

  it('begins plays with random plies, as many as are drawn, and none that is over', () => {
    const count = (env: Env<Int32Array>) => {
      const { obs, info } = env.reset() as { obs: Int32Array; info: { actionMask: number[] } };
      expect(info.actionMask).toContain(1);
      return obs.filter((cell) => cell > 0).length;
    };
    const counts = (opening: number, play: number) => {
      const own = seat(makeGame('TicTacToe-v0'), { seat: 0, opponents: first, opening });
      const env = [own, own.forSearch!()][play] as Env<Int32Array>;
      env.reset({ seed: 1 });
      return new Set(Array.from({ length: 200 }, () => count(env)));
    };
    expect(counts(0, 0)).toEqual(new Set([0]));
    // The opponent makes a ply more where the turn is its own.
    expect(counts(3, 0)).toEqual(new Set([0, 2, 4]));
    expect(counts(3, 1)).toEqual(new Set([0, 1, 2, 3]));
    expect(Math.max(...counts(100, 1))).toBe(8);
    expect(() => seat(makeGame('TicTacToe-v0'), { opening: -1 })).toThrow(
      'seat: opening: expected a whole number of plies, at least 0, got -1',
    );
  });

  it('alternates, from a seat that the seed draws', () => {
    const env = seat(makeGame('TicTacToe-v0'), { opponents: first });
    const isFirst = (seed?: number) => {
      const { obs } = env.reset({ seed }) as { obs: Int32Array };
      return obs.every((cell) => cell === 0);
    };
    const seeded = [1, 2, 3, 4, 5, 6].map((seed) => isFirst(seed));
    expect(new Set(seeded).size).toBe(2);
    const begun = isFirst(1);
    expect([isFirst(), isFirst(), isFirst()]).toEqual([!begun, begun, !begun]);
  });

  it('waits for opponents that answer later, and goes on exactly from a snapshot', async () => {
    const later: Opponent = async (obs, legal, rng, game) => {
      await Promise.resolve();
      return randomOpponent(obs, legal, rng, game);
    };
    const report = await checkEnv(() => seat(new HeapGame(), { opponents: later }));
    expect(report).toMatchObject({ ok: true, warnings: [] });
    expect(report.facts).toMatchObject({ sync: false, snapshots: true });
    const [sync, async] = [randomOpponent, later].map((opponents) =>
      seat(makeGame('TicTacToe-v0'), { opponents }),
    );
    for (let seed = 0; seed < 5; seed++) {
      expect(await async.reset({ seed })).toEqual(sync.reset({ seed }));
    }
  });

  it('passes on the error of an opponent, at once or later', async () => {
    const fail = () => {
      throw new Error('lost its way');
    };
    const failing = [fail, async () => fail()].map((opponents) =>
      seat(makeGame('TicTacToe-v0'), { seat: 1, opponents }),
    );
    expect(() => failing[0].reset()).toThrow('lost its way');
    await expect(failing[1].reset()).rejects.toThrow('lost its way');
    for (const env of failing) {
      expect(() => env.step(0)).toThrow('step() at an opponent’s turn: call reset() first');
    }
  });

  it('does not take an answer into another play', async () => {
    const answers: ((action: number) => void)[] = [];
    const slow: Opponent = () => new Promise((answer) => answers.push(answer));
    const env = seat(new HeapGame(), { seat: 1, opponents: slow });
    const [left, begun] = [env.reset({ seed: 1 }), env.reset({ seed: 1 })];
    answers[0](1);
    await expect(left).rejects.toThrow('Heap: an opponent answered after the play had been left');
    answers[1](2);
    const { obs } = (await begun) as { obs: Float32Array };
    expect(obs[0]).toBeLessThanOrEqual(4);
  });

  it('sits at a table of three, with an opponent of its own for each', async () => {
    const asked: number[] = [];
    const note =
      (player: number): Opponent =>
      (_obs, [action]) => {
        asked.push(player);
        return action;
      };
    const env = seat(new HeapGame(), { seat: 1, opponents: [0, 1, 2].map(note) });
    await returnOf(env, (_obs, mask) => 1 + mask.indexOf(1), 3);
    expect(new Set(asked)).toEqual(new Set([0, 2]));
  });

  it('begins another play where one ends before its first decision, but not for ever', () => {
    class Short extends HeapGame {
      override begin(): void {
        super.begin();
        this.left = 1;
      }
    }
    const env = seat(new Short(), { seat: 2 });
    expect(() => env.reset()).toThrow(
      'Heap: reset(): expected a decision of player 2, got none in 1000 plays',
    );
  });

  it.each([
    [{ seat: 2 }, 'seat: seat: expected a player in 0..1 or "alternate", got 2'],
    [{ seats: 0 }, 'seat: seats: no such option; did you mean seat?'],
    [
      { opponents: 'random' },
      'seat: opponents: expected a function, a list of 2, one for each player, or a lineup, got "random"',
    ],
    [{ opponents: [first] }, 'seat: opponents: expected a function, a list of 2'],
  ])('refuses %o', (options, message) => {
    expect(() => seat(makeGame('TicTacToe-v0'), options as never)).toThrow(message);
  });
});

describe('the registered games', () => {
  it('play against a perfect opponent, who never loses', async () => {
    const env = makeEnv('TicTacToe-v0', { opponent: 'perfect' });
    const rng = Rng.seed(1);
    const rewards: number[] = [];
    for (let i = 0; i < 60; i++) {
      const { reward } = await returnOf(
        env,
        (_obs, mask) => env.actionSpace.sample(rng, mask) as number,
      );
      rewards.push(reward);
    }
    expect(new Set(rewards)).toEqual(new Set([-1, 0]));
    expect(rewards.filter((reward) => reward === -1).length).toBeGreaterThan(40);
  });

  it('take the seat of their options', async () => {
    const cards = new Set<number>();
    const env = makeEnv('Kuhn-v0', { seat: 1 }) as Env<Int32Array, number>;
    for (let i = 0; i < 30; i++) {
      const { obs } = await env.reset();
      expect(obs[0]).toBe(1);
      cards.add(obs[1]);
    }
    expect(cards).toEqual(new Set([0, 1, 2]));
    expect(() => makeEnv('Kuhn-v0', { seat: 2 })).toThrow(
      'Kuhn-v0: options.seat: expected one of 0, 1, "alternate", got 2',
    );
    expect(() => makeEnv('Kuhn-v0', { opponent: 'perfect' })).toThrow(
      'options.opponent: expected one of "random"',
    );
  });

  it('leave the game where a search has found it', () => {
    const game = makeGame('TicTacToe-v0');
    game.apply(4);
    const before = game.snapshot();
    new Minimax().best(game);
    expect(game.snapshot()).toEqual(before);
    expect(makeGame('Kuhn-v0').turn()).toBe('chance');
  });
});
