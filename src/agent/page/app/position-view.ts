import type { Position } from '../../recording/game-format.ts';
import { BoardView, type GameChoices } from './board-view.ts';
import { fill, h } from './dom.ts';

/** Where a game stands: its board, what the person knows of cards, the moves that are no place on a board, and all moves so far. */
export class PositionView {
  readonly element: HTMLElement;
  readonly #choices: GameChoices;
  readonly #board: BoardView;
  readonly #words = h('ul', { class: 'known', 'aria-label': 'What you know' });
  readonly #moves = h('div', { class: 'moves', role: 'group', 'aria-label': 'Your move' });
  readonly #played = h('ol', { class: 'played', 'aria-label': 'Moves so far' });

  constructor(choices: GameChoices) {
    this.#choices = choices;
    this.#board = new BoardView(choices);
    this.element = h(
      'div',
      { class: 'game', hidden: true },
      h(
        'section',
        { class: 'panel', 'aria-label': 'The game' },
        this.#board.element,
        this.#words,
        this.#moves,
      ),
      h('section', { class: 'panel', 'aria-label': 'Moves' }, h('h2', {}, 'Moves'), this.#played),
    );
  }

  show(position: Position): void {
    const { played, words, moves, seat, end } = position;
    this.#board.show(position);
    const known = [...words, ...(end?.hidden ?? []).map((one) => `it had ${one}`)];
    fill(this.#words, ...known.map((one) => h('li', {}, one)));
    this.#words.hidden = known.length === 0;
    const placeless = moves.filter(({ cells }) => cells.length === 0);
    fill(
      this.#moves,
      ...placeless.map(({ action, name }) =>
        h('button', { type: 'button', click: () => this.#choices.play(action) }, name),
      ),
    );
    const line = ({ by, move }: (typeof played)[number]) =>
      `${by === seat ? 'You' : 'It'}: ${move.name}`;
    fill(this.#played, ...played.map((one) => h('li', {}, line(one))));
  }

  /** Takes no move until the next position. */
  close(): void {
    this.#board.close();
    for (const button of this.#moves.querySelectorAll('button')) button.disabled = true;
  }

  /** Whether the focus is on a move that may vanish. */
  get choosing(): boolean {
    return this.#moves.contains(document.activeElement);
  }

  /** Moves the focus to where the person moves. */
  focus(): void {
    const button = this.#moves.querySelector('button');
    if (button) button.focus();
    else this.#board.focus();
  }
}
