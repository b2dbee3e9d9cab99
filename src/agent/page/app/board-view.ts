import type { Position } from '../../recording/game-format.ts';
import { fill, h } from './dom.ts';

type Board = NonNullable<Position['board']>;

/** Whose the stone of a cell is, in words and as a class, by its number. */
const OWNERS = ['empty', 'yours', 'its'] as const;

/** What a person chooses: an action, or a cell that stands for no legal one. */
export interface GameChoices {
  play: (action: number) => void;
  refuse: (place: string) => void;
}

/** A board as a grid of buttons: arrow keys move the focus, Enter, a click or a tap plays. */
export class BoardView {
  readonly element = h('table', { role: 'grid', class: 'board', 'aria-label': 'Board' });
  readonly #choices: GameChoices;
  #cells: HTMLButtonElement[] = [];
  #board: Board | undefined;
  /** The move for which each cell stands. */
  #actions: (number | undefined)[] = [];
  /** The cell that the tab key reaches. */
  #at = 0;

  constructor(choices: GameChoices) {
    this.#choices = choices;
    this.element.addEventListener('keydown', (event) => this.#key(event));
  }

  show({ board, moves }: Position): void {
    const before = this.#board;
    this.#board = board;
    this.element.hidden = !board;
    if (!board) return;
    if (before?.rows !== board.rows || before.columns !== board.columns) this.#build(board);
    this.#actions = board.cells.map((_, at) => moves.find((one) => one.cells.includes(at))?.action);
    for (const [at, cell] of this.#cells.entries()) {
      const owner = OWNERS[board.cells[at]];
      const isNew =
        before !== undefined && board.cells[at] !== 0 && before.cells[at] !== board.cells[at];
      cell.className = `${owner}${isNew ? ' new' : ''}`;
      cell.setAttribute('aria-label', `${placeOf(at, board)}: ${owner}${isNew ? ', new' : ''}`);
      cell.setAttribute('aria-disabled', String(this.#actions[at] === undefined));
    }
  }

  /** Takes no move until the next position. */
  close(): void {
    this.#actions = [];
    for (const cell of this.#cells) cell.setAttribute('aria-disabled', 'true');
  }

  /** Moves the focus to the cell where it was last. */
  focus(): void {
    this.#cells[this.#at]?.focus();
  }

  #build({ rows, columns }: Board): void {
    this.#at = 0;
    this.#cells = Array.from({ length: rows * columns }, (_, at) =>
      h('button', {
        ...{ type: 'button', tabindex: at === 0 ? 0 : -1 },
        focus: () => this.#reach(at),
        click: () => {
          const action = this.#actions[at];
          if (action === undefined) this.#choices.refuse(placeOf(at, this.#board!));
          else this.#choices.play(action);
        },
      }),
    );
    const rowsOf = Array.from({ length: rows }, (_, row) =>
      h(
        'tr',
        {},
        ...this.#cells.slice(row * columns, (row + 1) * columns).map((cell) => h('td', {}, cell)),
      ),
    );
    fill(this.element, h('tbody', {}, ...rowsOf));
  }

  #reach(at: number): void {
    this.#cells[this.#at].tabIndex = -1;
    this.#cells[at].tabIndex = 0;
    this.#at = at;
  }

  #key(event: KeyboardEvent): void {
    if (!this.#board || event.ctrlKey || event.altKey || event.metaKey) return;
    const { rows, columns } = this.#board;
    const [row, column] = [Math.floor(this.#at / columns), this.#at % columns];
    const places: Record<string, [row: number, column: number] | undefined> = {
      ArrowLeft: [row, Math.max(0, column - 1)],
      ArrowRight: [row, Math.min(columns - 1, column + 1)],
      ArrowUp: [Math.max(0, row - 1), column],
      ArrowDown: [Math.min(rows - 1, row + 1), column],
      Home: [row, 0],
      End: [row, columns - 1],
    };
    const place = places[event.key];
    if (!place) return;
    event.preventDefault();
    this.#cells[place[0] * columns + place[1]].focus();
  }
}

function placeOf(at: number, { columns }: Board): string {
  return `row ${Math.floor(at / columns) + 1}, column ${(at % columns) + 1}`;
}
