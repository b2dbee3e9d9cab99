import { h } from './dom.ts';

/** Asks for a game: the person's seat and a seed. It gives up the one that is played. */
export class GameForm {
  readonly element: HTMLFormElement;
  readonly #seat = h(
    'select',
    {},
    h('option', { value: 0 }, 'You begin'),
    h('option', { value: 1 }, 'It begins'),
  );
  readonly #seed = h('input', {
    ...{ type: 'number', min: 0, max: 999_999_999, step: 1, value: 0, required: true },
  });
  readonly #begin = h('button', { type: 'submit' }, 'New game');
  readonly #resign: HTMLButtonElement;

  constructor(actions: { begin: (seat: number, seed: number) => void; resign: () => void }) {
    this.#resign = h('button', { type: 'button', click: actions.resign }, 'Give up');
    const submit = (event: Event) => {
      event.preventDefault();
      actions.begin(Number(this.#seat.value), this.#seed.valueAsNumber);
      // The next click begins another game.
      this.#seed.valueAsNumber++;
    };
    this.element = h(
      'form',
      { class: 'toolbar', 'aria-label': 'New game', submit },
      h('label', { class: 'field' }, h('span', {}, 'seat'), this.#seat),
      h('label', { class: 'field' }, h('span', {}, 'seed'), this.#seed),
      this.#begin,
      this.#resign,
    );
    this.playing = false;
  }

  /** Moves the focus to the button that begins a game. */
  focus(): void {
    this.#begin.focus();
  }

  /** Whether a game is played. */
  set playing(playing: boolean) {
    this.#resign.hidden = !playing;
  }
}
