import type { Game } from '../game.ts';
import type { Opponent } from '../opponent.ts';
import { positionKey } from '../position-key.ts';

/** Two values closer than this count as equal. */
const ROUNDING = 1e-9;

/**
 * Exact values of a game of perfect information of two players whose returns add up to 0: each plays what is best against the best
 * answer, and chance is averaged over (expectimax). It remembers the value of each position that it has met, so games of more than
 * some millions of positions are beyond it.
 *
 * ```ts
 * import { Minimax, makeGame, seat } from 'pondera/envs';
 *
 * console.log(new Minimax().value(makeGame('TicTacToe-v0'))); // 0, a draw
 * const env = seat(makeGame('TicTacToe-v0'), { opponents: new Minimax().opponent });
 * ```
 */
export class Minimax {
  /** The value for the first player of each position, by who acts and what that player observes. */
  readonly #values = new Map<string, number>();

  /**
   * The return of the first player where both play best from where a game stands; it is there again afterwards.
   * @throws Error for a game of hidden information, of other than two players, or whose returns do not add up to 0
   */
  value(game: Game): number {
    if (!game.perfectInformation || !game.zeroSum || game.players !== 2) {
      const wanted = 'a game of perfect information, of two players whose returns add up to 0';
      throw new Error(`Minimax: expected ${wanted}, got ${game.id}`);
    }
    return this.#value(game);
  }

  /**
   * The legal actions from which the best follows for the player whose turn it is, ascending.
   * @throws Error as `value`
   */
  best(game: Game): number[] {
    const values = this.actionValues(game);
    const most = Math.max(...values.values());
    return [...values].flatMap(([action, value]) => (value >= most - ROUNDING ? [action] : []));
  }

  /**
   * The return of the player whose turn it is, by the action taken first, where both play best from then on.
   * @throws Error as `value`
   */
  actionValues(game: Game): Map<number, number> {
    const sign = game.turn() === 0 ? 1 : -1;
    const before = game.snapshot();
    return new Map(
      game.legalActions().map((action) => {
        game.apply(action);
        const value = sign * this.value(game);
        game.restore(before);
        return [action, value];
      }),
    );
  }

  /** Plays a best action, each of them with the same probability. */
  readonly opponent: Opponent = (_obs, _legalActions, rng, game) => {
    const best = this.best(game);
    return best[rng.int(best.length)];
  };

  #value(game: Game): number {
    const turn = game.turn();
    if (turn === 'end') return game.returns()[0];
    const before = game.snapshot();
    const next = (action: number) => {
      game.apply(action);
      const value = this.#value(game);
      game.restore(before);
      return value;
    };
    if (turn === 'chance') {
      const outcomes = game.chanceOutcomes();
      return outcomes.reduce((sum, one) => sum + one.probability * next(one.action), 0);
    }
    const key = positionKey(game.observationSpace, turn, game.observe(turn));
    const known = this.#values.get(key);
    if (known !== undefined) return known;
    const values = game.legalActions().map(next);
    const value = turn === 0 ? Math.max(...values) : Math.min(...values);
    this.#values.set(key, value);
    return value;
  }
}
