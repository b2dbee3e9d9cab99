import type { TextRequest } from '../server/page-messages.ts';
import { h, setText } from './dom.ts';

/** Asks for a text: a prompt, and how to write on. Its button stops the text while it is written. */
export class TextForm {
  readonly element: HTMLFormElement;
  readonly #prompt = h('textarea', { rows: 2, maxlength: 30_000, required: true });
  readonly #maxTokens = count({ min: 1, max: 10_000, value: 200, required: true });
  readonly #temperature = h('input', {
    ...{ type: 'number', min: 0, max: 1000, step: 'any', value: 1, required: true },
  });
  readonly #maxSteps = count({ min: 1, max: 1000, placeholder: 'the run’s' });
  readonly #stop = h('input', { type: 'text', maxlength: 1000, size: 8 });
  readonly #seed = count({
    ...{ min: 0, max: 999_999_999, value: 0, required: true, 'aria-label': 'Seed of the text' },
  });
  readonly #button = h('button', { type: 'submit' });
  #writing = false;

  constructor(actions: { write: (request: TextRequest) => void; stop: () => void }) {
    const submit = (event: Event) => {
      event.preventDefault();
      if (this.#writing) return actions.stop();
      actions.write(this.#request);
      // The next click writes another text.
      this.#seed.valueAsNumber++;
    };
    this.element = h(
      'form',
      { class: 'panel text-form', 'aria-label': 'A text', submit, hidden: true },
      h('label', { class: 'prompt' }, h('span', {}, 'Prompt'), this.#prompt),
      h(
        'div',
        { class: 'toolbar' },
        field('most tokens', this.#maxTokens),
        field('temperature', this.#temperature),
        field('most ponder steps', this.#maxSteps),
        field('stop after', this.#stop),
        field('seed', this.#seed),
        this.#button,
      ),
    );
    this.writing = false;
  }

  /** Whether a text is being written. */
  set writing(writing: boolean) {
    this.#writing = writing;
    // What is not valid any more must not keep anyone from stopping.
    this.element.noValidate = writing;
    setText(this.#button, writing ? 'Stop' : 'Write a text');
  }

  get #request(): TextRequest {
    return {
      prompt: this.#prompt.value,
      maxTokens: this.#maxTokens.valueAsNumber,
      temperature: this.#temperature.valueAsNumber,
      ...(this.#maxSteps.value !== '' && { maxSteps: this.#maxSteps.valueAsNumber }),
      ...(this.#stop.value !== '' && { stop: this.#stop.value }),
      seed: this.#seed.valueAsNumber,
    };
  }
}

function count(properties: Parameters<typeof h>[1]): HTMLInputElement {
  return h('input', { type: 'number', step: 1, ...properties });
}

function field(name: string, input: HTMLInputElement): HTMLLabelElement {
  return h('label', { class: 'field' }, h('span', {}, name), input);
}
