import { Discrete } from '../spaces/discrete.ts';
import { BoardGame, type BoardState } from './board.ts';
import type { Move } from './game.ts';
import { type Symmetry, squareSymmetries } from './symmetry.ts';

const WAYS = [-1, 0, 1]
  .flatMap((dy) => [-1, 0, 1].map((dx) => [dx, dy]))
  .filter(([dx, dy]) => dx !== 0 || dy !== 0);

/**
 * Othello on a board of size × size cells: an action is the cell that gets a stone, row by row, which turns the other's stones that
 * it encloses in a line; size² passes, where nothing else is legal. The play ends where neither can move, and more stones win.
 * With a size of 8 it is OpenSpiel's `othello`.
 */
export class Othello extends BoardGame {
  readonly actionSpace: Discrete;
  readonly maxLength: number;
  readonly symmetries: readonly Symmetry[];
  readonly #pass: number;
  readonly #rays: readonly (readonly (readonly number[])[])[];
  readonly #size: number;

  /** @param size rows and columns, an even number from 4 to 16 */
  constructor(size = 6) {
    if (!(Number.isInteger(size / 2) && size >= 4 && size <= 16)) {
      throw new RangeError(`Othello: expected a size that is even, in 4..16, got ${size}`);
    }
    super(`Othello${size}-v0`, size, size);
    this.#size = size;
    this.#pass = size * size;
    this.#rays = raysOf(size);
    this.actionSpace = new Discrete(size * size + 1);
    this.symmetries = squareSymmetries(size, 1);
    // Each pass is followed by a stone, and there are four at the start.
    this.maxLength = 2 * (size * size - 4);
  }

  protected start(): BoardState {
    const size = this.#size;
    const cells = Array(size * size).fill(0);
    const middle = (size / 2 - 1) * (size + 1);
    cells[middle] = cells[middle + size + 1] = 2;
    cells[middle + 1] = cells[middle + size] = 1;
    return { cells, moves: [], turn: 0, legal: this.#stones(cells, 0) };
  }

  protected after(state: BoardState, action: number): BoardState {
    const player = state.turn as number;
    const cells = [...state.cells];
    if (action !== this.#pass) {
      for (const at of [action, ...this.#enclosed(cells, action, player)]) cells[at] = player + 1;
    }
    const moves = [...state.moves, action];
    const next = this.#stones(cells, 1 - player);
    if (next.length > 0) return { cells, moves, turn: 1 - player, legal: next };
    const goesOn = this.#stones(cells, player).length > 0;
    if (goesOn) return { cells, moves, turn: 1 - player, legal: [this.#pass] };
    const [first, second] = [1, 2].map((stone) => cells.filter((cell) => cell === stone).length);
    const winner = first === second ? {} : { winner: first > second ? 0 : 1 };
    return { cells, moves, turn: 'end', legal: [], ...winner };
  }

  protected override moveOf(action: number): Omit<Move, 'action'> {
    return action === this.#pass ? { name: 'pass', cells: [] } : super.moveOf(action);
  }

  /** The cells where a player may put a stone. */
  #stones(cells: readonly number[], player: number): number[] {
    const stones: number[] = [];
    for (let at = 0; at < cells.length; at++) {
      if (cells[at] === 0 && this.#encloses(cells, at, player)) stones.push(at);
    }
    return stones;
  }

  #encloses(cells: readonly number[], at: number, player: number): boolean {
    for (const ray of this.#rays[at]) if (enclosedOn(ray, cells, player) > 0) return true;
    return false;
  }

  /** The other's stones that a stone of a player at an empty cell turns. */
  #enclosed(cells: readonly number[], at: number, player: number): number[] {
    return this.#rays[at].flatMap((ray) => ray.slice(0, enclosedOn(ray, cells, player)));
  }
}

/** How many of the other's stones a player's stone before a ray encloses on it. */
function enclosedOn(ray: readonly number[], cells: readonly number[], player: number): number {
  const [own, other] = [player + 1, 2 - player];
  let n = 0;
  while (n < ray.length && cells[ray[n]] === other) n++;
  return n < ray.length && cells[ray[n]] === own ? n : 0;
}

/** The cells that lie in each of eight ways from each cell, the nearest first [size²][8][…]. */
function raysOf(size: number): number[][][] {
  const isOn = (x: number) => x >= 0 && x < size;
  return Array.from({ length: size * size }, (_, at) =>
    WAYS.map(([dx, dy]) => {
      const ray: number[] = [];
      let [x, y] = [(at % size) + dx, Math.floor(at / size) + dy];
      for (; isOn(x) && isOn(y); x += dx, y += dy) ray.push(y * size + x);
      return ray;
    }),
  );
}
