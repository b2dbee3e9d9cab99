import { palette } from '../common/palette.ts';
import type { Drawing, Shape } from '../contract/env.ts';
import { MultiDiscrete } from '../spaces/multi-discrete.ts';
import type { Move, PlayerView, Turn } from './game.ts';
import { StateGame } from './state-game.ts';

/** A position on a board, with the moves that led to it. */
export interface BoardState {
  /** 0 empty, 1 of the player who began, 2 of the other, row by row from the top [rows · columns]. */
  cells: readonly number[];
  moves: readonly number[];
  turn: Turn;
  /** What the player whose turn it is may do; empty at the end. */
  legal: readonly number[];
  /** Who has won, once the play has ended without a draw. */
  winner?: number;
}

/**
 * A game of two players on a board, who see all of it. A player observes the board from the own side: 0 for an empty cell,
 * 1 for one of the own, 2 for one of the other's. The winner gets 1, the loser −1.
 */
export abstract class BoardGame extends StateGame<Int32Array, BoardState> {
  readonly perfectInformation = true;
  readonly observationSpace: MultiDiscrete;
  protected readonly rows: number;
  protected readonly columns: number;

  constructor(id: string, rows: number, columns: number) {
    super(id);
    this.rows = rows;
    this.columns = columns;
    this.observationSpace = new MultiDiscrete(Array(rows * columns).fill(3), {
      shape: [rows, columns],
    });
  }

  protected turnIn({ turn }: BoardState): Turn {
    return turn;
  }

  protected legalIn({ legal }: BoardState): readonly number[] {
    return legal;
  }

  protected returnsIn({ winner }: BoardState): readonly number[] {
    return winner === undefined ? [0, 0] : [0, 1].map((player) => (player === winner ? 1 : -1));
  }

  protected observed({ cells }: BoardState, player: number): Int32Array {
    return Int32Array.from(cells, (cell) => (cell === 0 ? 0 : cell === player + 1 ? 1 : 2));
  }

  /** The moves so far, as OpenSpiel has them. */
  protected known({ moves }: BoardState): string {
    return moves.join(', ');
  }

  protected override viewed(state: BoardState, player: number): Omit<PlayerView, 'moves'> {
    const { rows, columns } = this;
    return { board: { rows, columns, cells: Array.from(this.observed(state, player)) }, words: [] };
  }

  protected override moveOf(action: number): Omit<Move, 'action'> {
    const [row, column] = [Math.floor(action / this.columns), action % this.columns];
    return { name: `row ${row + 1}, column ${column + 1}`, cells: [action] };
  }

  protected override draw({ cells, moves }: BoardState): Drawing {
    const { rows, columns } = this;
    const fills = [palette.paper, palette.agent, palette.warm];
    const shapes = cells.flatMap((cell, token): Shape[] => {
      const [x, y] = [4 + 40 * (token % columns), 4 + 40 * Math.floor(token / columns)];
      const square = { x: x + 1, y: y + 1, width: 38, height: 38 };
      return [
        { type: 'rect', ...square, fill: palette.pale, token },
        { type: 'circle', x: x + 20, y: y + 20, radius: 15, fill: fills[cell], token },
      ];
    });
    const text = moves.length === 0 ? 'no move yet' : `move ${moves.length}: ${moves.at(-1)}`;
    shapes.push({ type: 'text', x: 8, y: 40 * rows + 22, text, fill: palette.ink });
    return { width: 40 * columns + 8, height: 40 * rows + 30, shapes };
  }
}

/** A row, a column and two diagonals, as steps of x and y. */
const WAYS = [
  [1, 0],
  [0, 1],
  [1, 1],
  [1, -1],
] as const;

/**
 * Whether the stones through a cell make a line of equal ones.
 * @param cells row by row [rows · columns]
 * @param length stones of a line
 */
export function hasLine(
  cells: readonly number[],
  columns: number,
  at: number,
  length: number,
): boolean {
  for (const [dx, dy] of WAYS) {
    const both = equalsFrom(cells, columns, at, dx, dy) + equalsFrom(cells, columns, at, -dx, -dy);
    if (1 + both >= length) return true;
  }
  return false;
}

/** How many stones in a row after a cell are equal to its own, one way. A function of its own: searches play many moves. */
function equalsFrom(
  cells: readonly number[],
  columns: number,
  at: number,
  dx: number,
  dy: number,
): number {
  const rows = cells.length / columns;
  let x = (at % columns) + dx;
  let y = Math.floor(at / columns) + dy;
  let count = 0;
  while (x >= 0 && x < columns && y >= 0 && y < rows && cells[y * columns + x] === cells[at]) {
    x += dx;
    y += dy;
    count++;
  }
  return count;
}
