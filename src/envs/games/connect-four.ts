import { Discrete } from '../spaces/discrete.ts';
import { BoardGame, type BoardState, hasLine } from './board.ts';
import type { Move } from './game.ts';
import { mirrored, type Symmetry } from './symmetry.ts';

const ROWS = 6;
const COLUMNS = 7;
const LENGTH = 4;

const SYMMETRIES: readonly Symmetry[] = [
  { observation: [...Array(ROWS * COLUMNS).keys()], actions: [...Array(COLUMNS).keys()] },
  { observation: mirrored(ROWS, COLUMNS), actions: mirrored(1, COLUMNS) },
];

/**
 * Connect Four: an action is the column into which a stone falls; four in a line win. OpenSpiel's `connect_four`.
 */
export class ConnectFour extends BoardGame {
  readonly actionSpace = new Discrete(COLUMNS);
  readonly maxLength = ROWS * COLUMNS;
  readonly symmetries = SYMMETRIES;

  constructor() {
    super('ConnectFour-v0', ROWS, COLUMNS);
  }

  protected start(): BoardState {
    const legal = Array.from({ length: COLUMNS }, (_, column) => column);
    return { cells: Array(ROWS * COLUMNS).fill(0), moves: [], turn: 0, legal };
  }

  protected after(state: BoardState, action: number): BoardState {
    const player = state.turn as number;
    let at = action;
    while (state.cells[at + COLUMNS] === 0) at += COLUMNS;
    const cells = state.cells.with(at, player + 1);
    const moves = [...state.moves, action];
    if (hasLine(cells, COLUMNS, at, LENGTH)) {
      return { cells, moves, turn: 'end', legal: [], winner: player };
    }
    const legal = state.legal.filter((column) => cells[column] === 0);
    return { cells, moves, turn: legal.length === 0 ? 'end' : 1 - player, legal };
  }

  protected override moveOf(column: number): Omit<Move, 'action'> {
    const cells = Array.from({ length: ROWS }, (_, row) => row * COLUMNS + column);
    return { name: `column ${column + 1}`, cells };
  }
}
