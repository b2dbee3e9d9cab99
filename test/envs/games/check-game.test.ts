import { describe, expect, it } from 'vitest';
import { Othello } from '../../../src/envs/games/othello.ts';
import { checkGame, type Game, makeGame, type Rule } from '../../../src/envs/index.ts';
import { HeapGame } from '../../support/heap-game.ts';

describe('checkGame', () => {
  it.each<[string, () => Game]>([
    ['tic-tac-toe', () => makeGame('TicTacToe-v0')],
    ['Connect Four', () => makeGame('ConnectFour-v0')],
    ['Othello', () => new Othello(4)],
    ['Kuhn', () => makeGame('Kuhn-v0')],
    ['Leduc', () => makeGame('Leduc-v0')],
    ['a heap of stones', () => new HeapGame()],
  ])('finds nothing wrong with %s', (_name, make) => {
    expect(checkGame(make, { plays: 30 })).toMatchObject({ ok: true, problems: [] });
  });

  it('tells what it saw', () => {
    const { facts } = checkGame(() => makeGame('Kuhn-v0'), { plays: 500 });
    expect(facts).toMatchObject({ plays: 500, longest: 3, informationStates: 12 });
    expect(facts.meanReturns[0]).toBeCloseTo(-facts.meanReturns[1], 12);
    // Random play returns 1/8 to the first player, with a standard deviation of 1.3 a play.
    expect(Math.abs(facts.meanReturns[0] - 0.125)).toBeLessThan(0.25);
  });

  it.each<[Rule, string, Partial<Record<keyof HeapGame, unknown>>]>([
    ['game', 'chanceOutcomes is undefined', { chanceOutcomes: undefined }],
    ['game', 'players is 0', { players: 0 }],
    [
      'spaces',
      'observationSpace: expected a Space, got undefined',
      { observationSpace: undefined },
    ],
    ['turn', 'play 1, action 1: turn is 3', { turn: () => 3 }],
    [
      'legal-actions',
      'where turn is 0, legalActions is an array of 2: [2, 1]',
      {
        legalActions: () => [2, 1],
      },
    ],
    [
      'legal-actions',
      'where turn is 0, legalActions is an array of 0: []',
      { legalActions: () => [] },
    ],
    [
      'chance-outcomes',
      'probabilities 0.5, in all 0.5',
      {
        chanceOutcomes(this: HeapGame) {
          return this.turn() === 'chance' ? [{ action: 0, probability: 0.5 }] : [];
        },
      },
    ],
    [
      'illegal-action',
      'did not throw',
      {
        apply(this: HeapGame, action: number) {
          const legal = [...this.legalActions(), ...this.chanceOutcomes().map((one) => one.action)];
          HeapGame.prototype.apply.call(this, legal.includes(action) ? action : legal[0]);
        },
      },
    ],
    [
      'illegal-action',
      'was refused, but',
      {
        apply(this: HeapGame, action: number) {
          try {
            HeapGame.prototype.apply.call(this, action);
          } catch (error) {
            this.left--;
            throw error;
          }
        },
      },
    ],
    ['returns', 'returns is an array of 2: [0, 0]', { returns: () => [0, 0] }],
    [
      'returns',
      'returns is an array of 3: [1, 1, 1]',
      {
        returns(this: HeapGame) {
          return this.left > 0 ? [0, 0, 0] : [1, 1, 1];
        },
      },
    ],
    [
      'observation',
      'observe(0): expected entry [0] in 0..10, got -1',
      {
        observe: () => Float32Array.of(-1, 0),
      },
    ],
    ['max-length', '3 actions of players, where maxLength is 2', { maxLength: 2 }],
    ['information-state', 'informationState(0) is null', { informationState: () => null }],
    ['information-state', 'as in play 1, action', { informationState: () => 'somewhere' }],
    [
      'perfect-information',
      'the observation is that of play',
      {
        observe: () => Float32Array.of(0, 0),
      },
    ],
    [
      'snapshot',
      'snapshot.left: expected',
      {
        snapshot: () => ({ left: new Map() }),
      },
    ],
    [
      'snapshot',
      'restored into',
      {
        restore(this: HeapGame, { player, isTossing, moves }: HeapGame) {
          Object.assign(this, { player, isTossing, moves, left: 6 });
        },
      },
    ],
    ['replay', 'play 2, action 1: of a new game, turn was 0, then "end"', { begin() {} }],
    [
      'rules',
      'out of stones',
      {
        returns() {
          throw new Error('out of stones');
        },
      },
    ],
  ])('finds a breach of %s: %s', (rule, found, change) => {
    const report = checkGame(() => Object.assign(new HeapGame(), change) as Game, { plays: 20 });
    expect(report.ok).toBe(false);
    const problem = report.problems.find((one) => one.rule === rule);
    expect(problem?.found ?? report.problems).toContain(found);
    expect(problem!.fix).not.toBe('');
  });

  it('finds observations that change later', () => {
    class Shared extends HeapGame {
      readonly #obs = new Float32Array(2);
      override observe(player: number): Float32Array {
        this.#obs.set(super.observe(player));
        return this.#obs;
      }
    }
    const { problems } = checkGame(() => new Shared());
    expect(problems.map(({ rule }) => rule)).toContain('aliasing');
  });

  it('finds randomness that is not named', () => {
    let coin = 0;
    class Secret extends HeapGame {
      override begin(): void {
        super.begin();
        coin = 1 - coin;
        this.left -= coin;
      }
    }
    const { problems } = checkGame(() => new Secret());
    expect(problems.map(({ rule }) => rule)).toContain('replay');
  });

  it('refuses options that there are none of', () => {
    expect(() => checkGame(() => makeGame('Kuhn-v0'), { games: 3 } as never)).toThrow(
      'checkGame: games: no such option',
    );
  });
});
