import type { Control, RunSummary } from '../server/page-messages.ts';
import { fill, h, setText } from './dom.ts';
import { request, type ServerError, setToken } from './page-requests.ts';

const labels: Record<Control, string> = {
  pause: 'Pause',
  resume: 'Resume',
  stop: 'Stop',
  restart: 'Restart',
};

/** Buttons for the actions that a run allows now, and a form for the token where the server asks for one. */
export class Controls {
  readonly element = h('div', { class: 'controls' });
  readonly #buttons = h('div', {
    class: 'buttons',
    role: 'group',
    'aria-label': 'Control the run',
  });
  readonly #message = h('p', { class: 'control-error', role: 'alert' });
  readonly #form: HTMLFormElement;
  readonly #input = h('input', {
    id: 'token',
    type: 'password',
    autocomplete: 'off',
    required: true,
  });
  #run = '';
  #shown = '';
  #wanted: Control | undefined;

  constructor() {
    this.#form = h(
      'form',
      { class: 'token', submit: (event: Event) => this.#submit(event) },
      h('label', { for: 'token' }, 'Token of this server'),
      this.#input,
      h('button', { type: 'submit' }, 'Continue'),
    );
    this.#form.hidden = true;
    this.element.append(this.#buttons, this.#form, this.#message);
  }

  show({ name, controls }: RunSummary): void {
    const shown = JSON.stringify([name, controls]);
    if (shown === this.#shown) return;
    this.#shown = shown;
    this.#run = name;
    const buttons = controls.map((action) =>
      h('button', { type: 'button', click: () => void this.#act(action) }, labels[action]),
    );
    fill(this.#buttons, ...buttons);
    this.element.hidden = controls.length === 0;
  }

  async #act(action: Control): Promise<void> {
    // A stopped run does not continue by itself.
    if (
      action === 'stop' &&
      !confirm(`Stop ${this.#run}? It saves a checkpoint first, and you can resume it.`)
    )
      return;
    setText(this.#message, '');
    this.#wanted = action;
    try {
      await request('/v1/control', {
        method: 'POST',
        headers: { 'Content-Type': 'application/json' },
        body: JSON.stringify({ run: this.#run, action }),
      });
      this.#form.hidden = true;
    } catch (error) {
      const { status } = error as ServerError;
      if (status === 401) {
        this.#form.hidden = false;
        this.#input.focus();
        setText(this.#message, 'Enter the token of the server.');
      } else setText(this.#message, `${labels[action]}: ${(error as Error).message}`);
    }
  }

  #submit(event: Event): void {
    event.preventDefault();
    setToken(this.#input.value.trim());
    this.#input.value = '';
    if (this.#wanted) void this.#act(this.#wanted);
  }
}
