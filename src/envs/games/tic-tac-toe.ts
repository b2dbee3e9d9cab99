import { Discrete } from '../spaces/discrete.ts';
import { BoardGame, type BoardState, hasLine } from './board.ts';
import { squareSymmetries } from './symmetry.ts';

const SIZE = 3;

/** Tic-tac-toe: an action is the cell that gets the own mark, row by row; three in a line win. OpenSpiel's `tic_tac_toe`. */
export class TicTacToe extends BoardGame {
  readonly actionSpace = new Discrete(SIZE * SIZE);
  readonly maxLength = SIZE * SIZE;
  readonly symmetries = squareSymmetries(SIZE);

  constructor() {
    super('TicTacToe-v0', SIZE, SIZE);
  }

  protected start(): BoardState {
    const legal = Array.from({ length: SIZE * SIZE }, (_, at) => at);
    return { cells: Array(SIZE * SIZE).fill(0), moves: [], turn: 0, legal };
  }

  protected after(state: BoardState, action: number): BoardState {
    const player = state.turn as number;
    const cells = state.cells.with(action, player + 1);
    const moves = [...state.moves, action];
    const legal = state.legal.filter((at) => at !== action);
    if (hasLine(cells, SIZE, action, SIZE)) {
      return { cells, moves, turn: 'end', legal: [], winner: player };
    }
    return { cells, moves, turn: legal.length === 0 ? 'end' : 1 - player, legal };
  }
}
