import { Discrete } from '../spaces/discrete.ts';
import { BoardGame, type BoardState, hasLine } from './board.ts';

const SIZE = 3;

/** Tic-tac-toe: an action is the cell that gets the own mark, row by row; three in a line win. OpenSpiel's `tic_tac_toe`. */
export class TicTacToe extends BoardGame {
  readonly actionSpace = new Discrete(SIZE * SIZE);
  readonly maxLength = SIZE * SIZE;

  constructor() {
    super('TicTacToe-v0', SIZE, SIZE);
  }

  protected start(): BoardState {
    return { cells: Array(SIZE * SIZE).fill(0), moves: [], turn: 0 };
  }

  protected legalIn({ cells }: BoardState): readonly number[] {
    return cells.flatMap((cell, at) => (cell === 0 ? [at] : []));
  }

  protected after({ cells, moves, turn }: BoardState, action: number): BoardState {
    const player = turn as number;
    const next = { cells: cells.with(action, player + 1), moves: [...moves, action] };
    if (hasLine(next.cells, SIZE, action, SIZE)) return { ...next, turn: 'end', winner: player };
    return { ...next, turn: next.moves.length === this.maxLength ? 'end' : 1 - player };
  }
}
