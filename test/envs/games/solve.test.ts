import { describe, expect, it } from 'vitest';
import { Kuhn } from '../../../src/envs/games/kuhn.ts';
import {
  bestResponse,
  Cfr,
  ExternalSampling,
  expectedReturns,
  exploitability,
  type Game,
  GameTree,
  Minimax,
  makeGame,
  type TabularPolicy,
  uniformPolicy,
} from '../../../src/envs/index.ts';
import { HeapGame } from '../../support/heap-game.ts';

const kuhn = new GameTree(makeGame('Kuhn-v0'));
const leduc = new GameTree(makeGame('Leduc-v0'));

/** Kuhn's equilibria (1950): one for each α in 0..1/3, the share of bets with the lowest card. */
function equilibrium(alpha: number): TabularPolicy {
  const bets: Record<string, number> = {
    ...{ '0': alpha, '1': 0, '2': 3 * alpha },
    ...{ '0pb': 0, '1pb': alpha + 1 / 3, '2pb': 1 },
    ...{ '0p': 1 / 3, '1p': 0, '2p': 1, '0b': 0, '1b': 1 / 3, '2b': 1 },
  };
  return new Map(Object.entries(bets).map(([key, bet]) => [key, [1 - bet, bet]]));
}

describe('a tree', () => {
  it('has all plays', () => {
    // 3 · 2 deals, of 9 places each, of which 5 are ends; the first deal's 3 + 1.
    expect(kuhn.size).toBe(1 + 3 + 6 * 9);
    expect(kuhn.sets.map(({ key }) => key).sort()).toEqual([...equilibrium(0).keys()].sort());
    expect([leduc.size, leduc.sets.length]).toEqual([9457, 936]);
  });

  it('leaves the game where it was', () => {
    const game = makeGame('Kuhn-v0');
    game.apply(2);
    const before = game.snapshot();
    new GameTree(game);
    expect(game.snapshot()).toEqual(before);
  });

  it('refuses a game that forgets what a player has done', () => {
    class Forgetful extends Kuhn {
      protected override known(): string {
        return 'no idea';
      }
    }
    expect(() => new GameTree(new Forgetful())).toThrow(
      'GameTree: Kuhn-v0: expected an information state that tells who acts, what is legal and what that player has done before, got "no idea" for two',
    );
  });
});

describe('exploitability', () => {
  it('is that of OpenSpiel for the uniform policy', () => {
    expect(exploitability(kuhn, uniformPolicy(kuhn))).toBeCloseTo(0.45833333333333326, 12);
    expect(exploitability(leduc, uniformPolicy(leduc))).toBeCloseTo(2.373611111111111, 12);
  });

  it.each([0, 0.1, 1 / 3])(
    'is 0 for Kuhn’s equilibrium with α = %s, whose value is −1/18',
    (alpha) => {
      const policy = equilibrium(alpha);
      expect(exploitability(kuhn, policy)).toBeCloseTo(0, 12);
      const [first, second] = expectedReturns(kuhn, policy);
      expect(first).toBeCloseTo(-1 / 18, 12);
      expect(second).toBeCloseTo(1 / 18, 12);
    },
  );

  it('finds the best answer to one that always bets: fold the lowest card, call with the others', () => {
    const bets: TabularPolicy = new Map(kuhn.sets.map(({ key }) => [key, [0, 1]]));
    const { value, actions } = bestResponse(kuhn, bets, 1);
    expect(Object.fromEntries(actions)).toMatchObject({ '0b': 0, '1b': 1, '2b': 1 });
    // −1 with the lowest card, 0 with the middle one (2 or −2), 2 with the highest.
    expect(value).toBeCloseTo(1 / 3, 12);
  });

  it('is that of games of chance with three players too', () => {
    const tree = new GameTree(new HeapGame());
    const policy = uniformPolicy(tree);
    const sum = expectedReturns(tree, policy).reduce((total, one) => total + one, 0);
    expect(sum).toBeCloseTo(0, 12);
    expect(exploitability(tree, policy)).toBeGreaterThan(0.05);
  });

  it.each<[string, ArrayLike<number> | undefined]>([
    ['got undefined', undefined],
    ['got an array of 1: [1]', [1]],
    ['got an array of 2: [0.5, 0.4]', [0.5, 0.4]],
    ['got an array of 2: [-1, 2]', [-1, 2]],
    ['got an array of 2: [NaN, 1]', [Number.NaN, 1]],
  ])('refuses probabilities: %s', (got, row) => {
    const policy = new Map(uniformPolicy(kuhn));
    if (row) policy.set('1pb', row);
    else policy.delete('1pb');
    expect(() => exploitability(kuhn, policy)).toThrow(
      `Kuhn-v0: information state "1pb": expected 2 probabilities that add up to 1, ${got}`,
    );
  });
});

describe('CFR', () => {
  // pyspiel 2.0.2: exploitability(game, solver.average_policy()) of CFRSolver and CFRPlusSolver.
  it.each<[string, GameTree, boolean, [number, number][]]>([
    [
      'CFR on Kuhn',
      kuhn,
      false,
      [
        [1, 0.45833333333333326],
        [2, 0.27083333333333337],
        [10, 0.06869879381715754],
        [100, 0.008225977315915206],
      ],
    ],
    [
      'CFR+ on Kuhn',
      kuhn,
      true,
      [
        [1, 0.45833333333333326],
        [2, 0.26388888888888884],
        [10, 0.032687090668344826],
        [100, 0.0011944041011116846],
      ],
    ],
    [
      'CFR on Leduc',
      leduc,
      false,
      [
        [1, 2.373611111111111],
        [2, 2.0613194444444445],
        [10, 0.888578983168769],
        [100, 0.09571635300459762],
      ],
    ],
    [
      'CFR+ on Leduc',
      leduc,
      true,
      [
        [1, 2.373611111111111],
        [2, 2.057916666666667],
        [10, 0.6104389015904066],
        [100, 0.013415994970897835],
      ],
    ],
  ])('%s comes to an equilibrium as OpenSpiel’s does', (_name, tree, plus, expected) => {
    const cfr = new Cfr(tree, { plus });
    for (const [iterations, value] of expected) {
      cfr.iterate(iterations - cfr.iterations);
      expect(exploitability(tree, cfr.averagePolicy())).toBeCloseTo(value, 8);
    }
  });

  it('finds the value of Kuhn, and a policy that bluffs', () => {
    const cfr = new Cfr(kuhn, { plus: true });
    cfr.iterate(1000);
    const policy = cfr.averagePolicy();
    expect(expectedReturns(kuhn, policy)[0]).toBeCloseTo(-1 / 18, 4);
    expect(policy.get('0p')![1]).toBeCloseTo(1 / 3, 2);
  });

  it('refuses what it cannot do', () => {
    expect(() => new Cfr(kuhn, { plus: 1 } as never)).toThrow(
      'Cfr: plus: expected true or false, got 1',
    );
    expect(() => new Cfr(kuhn).iterate(-1)).toThrow('Cfr.iterate: expected an integer ≥ 0, got -1');
  });
});

describe('external sampling', () => {
  it('comes to Kuhn’s equilibrium, by its seed', () => {
    const [one, same, other] = [1, 1, 2].map((seed) => {
      const sampling = new ExternalSampling(kuhn, seed);
      sampling.iterate(100);
      return sampling;
    });
    expect(same.averagePolicy()).toEqual(one.averagePolicy());
    expect(other.averagePolicy()).not.toEqual(one.averagePolicy());
    // OpenSpiel’s comes to 0.06 … 0.10 in 100 iterations, and 0.008 … 0.017 in 10,000.
    const before = exploitability(kuhn, one.averagePolicy());
    one.iterate(9900);
    const policy = one.averagePolicy();
    expect(before).toBeGreaterThan(0.04);
    expect(exploitability(kuhn, policy)).toBeLessThan(0.02);
    expect(expectedReturns(kuhn, policy)[0]).toBeCloseTo(-1 / 18, 1);
  });

  it('is for two players', () => {
    expect(() => new ExternalSampling(new GameTree(new HeapGame()))).toThrow(
      'ExternalSampling: expected a game of two players, got 3',
    );
    expect(() => new ExternalSampling(kuhn).iterate(0.5)).toThrow(
      'ExternalSampling.iterate: expected an integer ≥ 0, got 0.5',
    );
  });
});

describe('minimax', () => {
  const after = (game: Game, ...actions: number[]) => {
    for (const action of actions) game.apply(action);
    return game;
  };
  const minimax = new Minimax();

  it('knows that tic-tac-toe is a draw, and what loses', () => {
    expect(minimax.value(makeGame('TicTacToe-v0'))).toBe(0);
    // After a corner only the center draws.
    const corner = after(makeGame('TicTacToe-v0'), 0);
    expect(minimax.best(corner)).toEqual([4]);
    expect(minimax.actionValues(corner).get(1)).toBe(-1);
    // Against two corners of a diagonal with the center, a third corner loses.
    expect(minimax.best(after(makeGame('TicTacToe-v0'), 0, 4, 8))).toEqual([1, 3, 5, 7]);
  });

  it('averages over chance', () => {
    class Two extends HeapGame {
      override readonly players = 2 as never;
      override returns(): readonly number[] {
        return [0, 1].map((player) => (this.left > 0 ? 0 : player === this.player ? -1 : 1));
      }
      override apply(action: number): void {
        super.apply(action);
        this.player %= 2;
      }
    }
    const game = new Two();
    Object.assign(game, { left: 2 });
    // Taking 2 loses. After taking 1, the own coin takes the last one in one of four cases, else the other must.
    expect(minimax.actionValues(game)).toEqual(
      new Map([
        [1, 0.5],
        [2, -1],
      ]),
    );
  });

  it('refuses games that it has no value for', () => {
    expect(() => minimax.value(makeGame('Kuhn-v0'))).toThrow(
      'Minimax: expected a game of perfect information, of two players whose returns add up to 0, got Kuhn-v0',
    );
  });
});
