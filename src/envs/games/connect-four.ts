import { Discrete } from '../spaces/discrete.ts';
import { BoardGame, type BoardState, hasLine } from './board.ts';

const ROWS = 6;
const COLUMNS = 7;

/**
 * Connect Four: an action is the column into which a stone falls; four in a line win. OpenSpiel's `connect_four`.
 */
export class ConnectFour extends BoardGame {
  readonly actionSpace = new Discrete(COLUMNS);
  readonly maxLength = ROWS * COLUMNS;

  constructor() {
    super('ConnectFour-v0', ROWS, COLUMNS);
  }

  protected start(): BoardState {
    return { cells: Array(ROWS * COLUMNS).fill(0), moves: [], turn: 0 };
  }

  protected legalIn({ cells }: BoardState): readonly number[] {
    return cells.slice(0, COLUMNS).flatMap((top, column) => (top === 0 ? [column] : []));
  }

  protected after({ cells, moves, turn }: BoardState, action: number): BoardState {
    const player = turn as number;
    let at = action;
    while (cells[at + COLUMNS] === 0) at += COLUMNS;
    const next = { cells: cells.with(at, player + 1), moves: [...moves, action] };
    if (hasLine(next.cells, COLUMNS, at, 4)) return { ...next, turn: 'end', winner: player };
    return { ...next, turn: next.moves.length === this.maxLength ? 'end' : 1 - player };
  }
}
