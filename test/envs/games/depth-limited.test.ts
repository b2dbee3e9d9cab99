import { describe, expect, it } from 'vitest';
import { publicStates } from '../../../src/envs/games/solve/public-states.ts';
import { TicTacToe } from '../../../src/envs/games/tic-tac-toe.ts';
import {
  Cfr,
  DepthLimited,
  exploitability,
  type Game,
  GameTree,
  makeGame,
  seat,
  uniformPolicy,
} from '../../../src/envs/index.ts';

const kuhn = makeGame('Kuhn-v0');
const kuhnTree = new GameTree(kuhn);
const uniform = uniformPolicy(kuhnTree);

describe('public states', () => {
  it('are what was bet in Kuhn poker: nobody tells the others’ cards', () => {
    const { nodes, state } = publicStates(kuhnTree, kuhn);
    // Nothing yet, a pass, a bet, and a pass with a bet; six deals of each.
    expect(nodes.map((all) => all.length)).toEqual([6, 6, 6, 6]);
    for (const [index, all] of nodes.entries()) {
      for (const node of all) expect(state[node]).toBe(index);
    }
  });

  it('are single places where all is seen', () => {
    const game = new Endgame();
    const { nodes } = publicStates(new GameTree(game), game);
    expect(new Set(nodes.map((all) => all.length))).toEqual(new Set([1]));
  });
});

describe('depth-limited solving', () => {
  it('comes to an equilibrium where the part is the whole game', () => {
    const solver = new DepthLimited(kuhn, uniform, { iterations: 500 });
    expect(exploitability(kuhnTree, solver.policy())).toBeLessThan(1e-3);
  });

  it('answers what the blueprint does after the cut', () => {
    const solver = new DepthLimited(kuhn, uniform, { depth: 1, bias: 1 });
    // Where the other calls half of all bets, a bet earns -0.5, 0.5, 1.5 with each card; a pass -1.25, -0.25, 0.75.
    for (const card of ['0', '1', '2']) expect(solver.policyAt(card)[1]).toBeGreaterThan(0.99);
  });

  it('improves on a rough blueprint of Leduc', () => {
    const game = makeGame('Leduc-v0');
    const tree = new GameTree(game);
    const cfr = new Cfr(tree);
    cfr.iterate(10);
    const blueprint = cfr.averagePolicy();
    const solver = new DepthLimited(game, blueprint, { iterations: 50 });
    const [before, after] = [blueprint, solver.policy()].map((one) => exploitability(tree, one));
    expect(before).toBeCloseTo(0.8886, 3);
    expect(after).toBeLessThan(before / 2);
  }, 60_000);

  it('says the same in whichever order it is asked', () => {
    const options = { depth: 1, iterations: 50 };
    const [first, other] = [1, 2].map(() => new DepthLimited(kuhn, uniform, options));
    const last = other.policyAt('0pb');
    expect(first.policy().get('0pb')).toEqual(last);
    expect([...other.policy()]).toEqual([...first.policy()]);
  });

  it('plays what it solved', async () => {
    const solver = new DepthLimited(kuhn, uniform);
    const env = seat(kuhn, { seat: 0, opponents: solver.opponent });
    const bets = { cards: 0, bets: 0 };
    for (let seed = 0; seed < 300; seed++) {
      const { obs } = await env.reset({ seed });
      const { reward, terminated } = await env.step(1); // bet
      expect(terminated).toBe(true);
      if ((obs as Int32Array)[1] === 0) {
        bets.cards++;
        bets.bets += Number(reward === -2);
      }
    }
    // With the lowest card against one of the other two: the highest always calls, the middle a third of the time.
    expect(bets.bets / bets.cards).toBeGreaterThan(0.5);
    expect(bets.bets / bets.cards).toBeLessThan(0.85);
  });

  it('leaves the game where it was', () => {
    const game = makeGame('Kuhn-v0');
    game.apply(2);
    const before = game.snapshot();
    new DepthLimited(game, uniform).policy();
    expect(game.snapshot()).toEqual(before);
  });

  it('refuses what it cannot solve', () => {
    expect(() => new DepthLimited(kuhn, new Map())).toThrow(
      /Kuhn-v0: information state "0": expected 2 probabilities/,
    );
    expect(() => new DepthLimited(kuhn, uniform, { depth: 0 })).toThrow(
      'DepthLimited: depth: expected an integer ≥ 1, got 0',
    );
    expect(() => new DepthLimited(kuhn, uniform).policyAt('3')).toThrow(
      'DepthLimited: expected an information state of Kuhn-v0, got "3"',
    );
    const unfair = Object.assign(Object.create(kuhn) as Game, { zeroSum: false });
    expect(() => new DepthLimited(unfair, uniform)).toThrow(
      'DepthLimited: expected a game of two players whose returns add up to 0, got Kuhn-v0',
    );
  });
});

/** Tic-tac-toe from the sixth move on. */
class Endgame extends TicTacToe {
  protected override start() {
    return [0, 1, 2, 4, 3].reduce((state, move) => this.after(state, move), super.start());
  }
}
