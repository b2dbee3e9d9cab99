import { describe, expect, it } from 'vitest';
import {
  type Game,
  Mcts,
  Minimax,
  makeEnv,
  makeGame,
  type Opponent,
} from '../../../src/envs/index.ts';
import { Rng } from '../../../src/kernels/index.ts';
import { HeapGame } from '../../support/heap-game.ts';

/** A play after some moves. */
function after(id: string, moves: readonly number[]): Game {
  const game = makeGame(id);
  for (const move of moves) game.apply(move);
  return game;
}

/** What an opponent does where a game stands. */
function chosen(opponent: Opponent, game: Game, rng: Rng): number {
  const turn = game.turn() as number;
  return opponent(game.observe(turn), game.legalActions(), rng, game) as number;
}

describe('Monte Carlo tree search', () => {
  it.each([
    // x x .    o o .    . . .
    ['wins in one', 'TicTacToe-v0', [0, 3, 1, 4], 2],
    ['stops a win in one', 'TicTacToe-v0', [0, 4, 8, 3], 5],
    ['wins a column', 'ConnectFour-v0', [3, 0, 3, 0, 3, 1], 3],
    ['stops a column', 'ConnectFour-v0', [3, 0, 3, 0, 3], 3],
  ])('%s at %s', (_what, id, moves, best) => {
    for (let seed = 0; seed < 5; seed++) {
      const { opponent } = new Mcts({ simulations: 500 });
      expect(chosen(opponent, after(id, moves), Rng.seed(seed))).toBe(best);
    }
  });

  it('does not lose tic-tac-toe to perfect play, from either seat', () => {
    const mcts = new Mcts({ simulations: 1000 }).opponent;
    const perfect = new Minimax().opponent;
    for (let seed = 0; seed < 6; seed++) {
      const rng = Rng.seed(seed);
      const seats = seed % 2 === 0 ? [mcts, perfect] : [perfect, mcts];
      const game = makeGame('TicTacToe-v0');
      while (game.turn() !== 'end') game.apply(chosen(seats[game.turn() as number], game, rng));
      expect(game.returns()).toEqual([0, 0]);
    }
  });

  it('comes to the best action of a game of chance with three players', () => {
    // Of two stones: to take both loses; to take one loses by the coin alone, with probability 1/4.
    const game = new HeapGame();
    game.left = 2;
    expect(chosen(new Mcts({ simulations: 400 }).opponent, game, Rng.seed(1))).toBe(1);
  });

  it('visits most what wins, and each action as often as its upper bound is worth', () => {
    // 6 wins; after 7 or 8 the play goes on.
    const game = after('TicTacToe-v0', [0, 1, 3, 4, 2, 5]);
    const visits = new Mcts({ simulations: 200 }).visits(game, Rng.seed(3));
    expect([...visits.keys()].sort()).toEqual([6, 7, 8]);
    expect([...visits.values()].reduce((a, b) => a + b)).toBe(199);
    // An action that always lost would have the bound of 6, 1 + 2·√(ln 199 / n), at 3 to 4 visits.
    expect(visits.get(6)).toBeGreaterThan(120);
    expect(Math.min(...visits.values())).toBeGreaterThanOrEqual(3);
  });

  it('leaves the game where it was, and searches the same by the same seed', () => {
    const game = after('ConnectFour-v0', [3]);
    const before = game.snapshot();
    const mcts = new Mcts({ simulations: 50 });
    const [one, same, other] = [1, 1, 2].map((seed) => mcts.visits(game, Rng.seed(seed)));
    expect(game.snapshot()).toEqual(before);
    expect(same).toEqual(one);
    expect(other).not.toEqual(one);
  });

  it('has all legal actions after one simulation', () => {
    const visits = new Mcts({ simulations: 1 }).visits(makeGame('TicTacToe-v0'), Rng.seed(1));
    expect([...visits.values()]).toEqual(Array(9).fill(0));
  });

  it('refuses hidden information, no turn, and what is no number of simulations', () => {
    const mcts = new Mcts({ simulations: 10 });
    const kuhn = after('Kuhn-v0', [0, 1]);
    expect(() => mcts.visits(kuhn, Rng.seed(1))).toThrow(
      'Mcts: expected a game of perfect information, since a search sees what is hidden, got Kuhn-v0',
    );
    const over = after('TicTacToe-v0', [0, 3, 1, 4, 2]);
    expect(() => mcts.visits(over, Rng.seed(1))).toThrow(
      'Mcts: expected a player’s turn, got TicTacToe-v0 at that of end',
    );
    expect(() => new Mcts({ simulations: 0 })).toThrow(
      'Mcts: simulations: expected an integer ≥ 1',
    );
  });
});

describe('the opponent mcts', () => {
  it('plays by its simulations: with one at random, with many well', async () => {
    const lost = async (simulations: number) => {
      const env = makeEnv('TicTacToe-v0', { opponent: 'mcts', simulations, seat: 0 });
      const rng = Rng.seed(1);
      let losses = 0;
      for (let i = 0; i < 20; i++) {
        let { info } = await env.reset(i === 0 ? { seed: 1 } : {});
        for (let over = false; !over; ) {
          const step = await env.step(env.actionSpace.sample(rng, info.actionMask));
          ({ info, terminated: over } = step);
          if (step.reward < 0) losses++;
        }
      }
      return losses;
    };
    expect(await lost(1)).toBeLessThan(12);
    expect(await lost(200)).toBeGreaterThan(12);
  });

  it('is for games of perfect information', () => {
    expect(() => makeEnv('Kuhn-v0', { opponent: 'mcts' })).toThrow('expected one of "random"');
    expect(() => makeEnv('Kuhn-v0', { simulations: 10 })).toThrow('simulations');
  });
});
