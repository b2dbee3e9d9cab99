import { Discrete } from '../spaces/discrete.ts';
import { BoardGame, type BoardState } from './board.ts';

const WAYS = [-1, 0, 1].flatMap((dy) => [-1, 0, 1].map((dx) => [dx, dy]));

/**
 * Othello on a board of size × size cells: an action is the cell that gets a stone, row by row, which turns the other's stones that
 * it encloses in a line; size² passes, where nothing else is legal. The play ends where neither can move, and more stones win.
 * With a size of 8 it is OpenSpiel's `othello`.
 */
export class Othello extends BoardGame {
  readonly actionSpace: Discrete;
  readonly maxLength: number;
  readonly #pass: number;
  readonly #size: number;

  /** @param size rows and columns, an even number from 4 to 16 */
  constructor(size = 6) {
    if (!(Number.isInteger(size / 2) && size >= 4 && size <= 16)) {
      throw new RangeError(`Othello: expected a size that is even, in 4..16, got ${size}`);
    }
    super(`Othello${size}-v0`, size, size);
    this.#size = size;
    this.#pass = size * size;
    this.actionSpace = new Discrete(size * size + 1);
    // Each pass is followed by a stone, and there are four at the start.
    this.maxLength = 2 * (size * size - 4);
  }

  protected start(): BoardState {
    const size = this.#size;
    const cells = Array(size * size).fill(0);
    const middle = (size / 2 - 1) * (size + 1);
    cells[middle] = cells[middle + size + 1] = 2;
    cells[middle + 1] = cells[middle + size] = 1;
    return { cells, moves: [], turn: 0 };
  }

  protected legalIn({ cells, turn }: BoardState): readonly number[] {
    const moves = this.#stones(cells, turn as number);
    return moves.length > 0 ? moves : [this.#pass];
  }

  protected after({ cells, moves, turn }: BoardState, action: number): BoardState {
    const player = turn as number;
    const own = player + 1;
    const turned = action === this.#pass ? [] : [action, ...this.#enclosed(cells, action, player)];
    const next = cells.map((cell, at) => (turned.includes(at) ? own : cell));
    const after = { cells: next, moves: [...moves, action] };
    const canMove = [0, 1].some((one) => this.#stones(next, one).length > 0);
    if (canMove) return { ...after, turn: 1 - player };
    const [first, second] = [1, 2].map((stone) => next.filter((cell) => cell === stone).length);
    if (first === second) return { ...after, turn: 'end' };
    return { ...after, turn: 'end', winner: first > second ? 0 : 1 };
  }

  /** The cells where a player may put a stone. */
  #stones(cells: readonly number[], player: number): number[] {
    return cells.flatMap((cell, at) =>
      cell === 0 && this.#enclosed(cells, at, player).length > 0 ? [at] : [],
    );
  }

  /** The other's stones that a stone of a player at an empty cell turns. */
  #enclosed(cells: readonly number[], at: number, player: number): number[] {
    const size = this.#size;
    return WAYS.flatMap(([dx, dy]) => {
      const between: number[] = [];
      let [x, y] = [(at % size) + dx, Math.floor(at / size) + dy];
      for (; x >= 0 && x < size && y >= 0 && y < size; x += dx, y += dy) {
        const cell = cells[y * size + x];
        if (cell === player + 1) return between;
        if (cell === 0) return [];
        between.push(y * size + x);
      }
      return [];
    });
  }
}
