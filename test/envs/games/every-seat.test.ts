import { describe, expect, it } from 'vitest';
import { EverySeat } from '../../../src/envs/games/every-seat.ts';
import {
  Discrete,
  MultiDiscrete,
  makeGame,
  type Reset,
  StateGame,
  seat,
  type Turn,
} from '../../../src/envs/index.ts';
import { HeapGame } from '../../support/heap-game.ts';

interface Coins {
  tossed: number[];
  pending: boolean;
}

/** Two toss a coin each in turn; whoever has the first head wins, or nobody after four. */
class CoinGame extends StateGame<Int32Array, Coins> {
  readonly observationSpace = new MultiDiscrete([5]);
  readonly actionSpace = new Discrete(1);
  readonly maxLength = 4;
  readonly perfectInformation = true;

  protected start(): Coins {
    return { tossed: [], pending: false };
  }
  protected turnIn({ tossed, pending }: Coins): Turn {
    if (pending) return 'chance';
    return tossed.includes(1) || tossed.length === 4 ? 'end' : tossed.length % 2;
  }
  protected legalIn() {
    return [0];
  }
  protected override outcomesIn() {
    return [0, 1].map((action) => ({ action, probability: 0.5 }));
  }
  protected after({ tossed, pending }: Coins, action: number): Coins {
    return pending ? { tossed: [...tossed, action], pending: false } : { tossed, pending: true };
  }
  protected returnsIn({ tossed }: Coins) {
    if (!tossed.includes(1)) return [0, 0];
    return tossed.length % 2 === 1 ? [1, -1] : [-1, 1];
  }
  protected observed({ tossed }: Coins) {
    return Int32Array.of(tossed.length);
  }
  protected known({ tossed }: Coins) {
    return tossed.join(' ');
  }
}

describe('every seat of a game', () => {
  it('shows each player the own side, and pays who moved', () => {
    const env = new EverySeat(makeGame('TicTacToe-v0'));
    env.reset();
    expect(env.step(4)).toMatchObject({ obs: { 4: 2 }, reward: 0, info: { turned: true } });
    expect(env.step(0)).toMatchObject({ obs: { 0: 2, 4: 1 }, info: { turned: true } });
    env.step(3);
    env.step(1);
    const last = env.step(5);
    expect(last).toMatchObject({ reward: 1, terminated: true, info: { drawn: false } });
  });

  it('goes on from a seat’s snapshot, and from its own, without the opponent', () => {
    const opponents = () => {
      throw new Error('asked');
    };
    const env = seat(makeGame('TicTacToe-v0'), { seat: 0, opponents });
    env.reset({ seed: 1 });
    const search = env.forSearch!();
    search.restore!(env.snapshot!());
    search.step(4);
    const snapshot = search.snapshot!();
    const next = search.step(0);
    search.restore!(snapshot);
    expect(search.step(0)).toEqual(next);
    expect(() => search.restore!({ id: 'Kuhn-v0', game: {} })).toThrow(
      'expected a snapshot of TicTacToe-v0',
    );
  });

  it('goes on from its own snapshot with the same openings', () => {
    const env = seat(makeGame('TicTacToe-v0'), { opening: 4 }).forSearch!();
    env.reset({ seed: 1 });
    const snapshot = env.snapshot!();
    const openings = () => Array.from({ length: 10 }, () => String((env.reset() as Reset).obs));
    const drawn = openings();
    expect(new Set(drawn).size).toBeGreaterThan(3);
    env.restore!(snapshot);
    expect(openings()).toEqual(drawn);
  });

  it('draws what chance does anew each time, by a stream of its own', () => {
    const tosses = () => {
      const env = seat(new CoinGame('Coin-v0'), { seat: 0 });
      env.reset({ seed: 3 });
      const search = env.forSearch!();
      const snapshot = env.snapshot!();
      return Array.from({ length: 40 }, () => {
        search.restore!(snapshot);
        const { reward, info } = search.step(0) as { reward: number; info: { drawn?: boolean } };
        expect(info.drawn).toBe(true);
        return reward;
      });
    };
    const heads = tosses().filter((reward) => reward === 1).length;
    expect(heads).toBeGreaterThan(10);
    expect(heads).toBeLessThan(30);
    expect(tosses()).toEqual(tosses());
  });

  it('is for games of two rivals who see everything', () => {
    expect(() => seat(makeGame('Leduc-v0')).forSearch!()).toThrow(
      'expected a game of perfect information, since a search sees what is hidden from its player, got Leduc-v0',
    );
    expect(() => seat(new HeapGame()).forSearch!()).toThrow(
      'expected a game of two players whose returns add up to 0, got Heap',
    );
  });
});
