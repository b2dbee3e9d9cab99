import type { TextRequest } from '../server/page-messages.ts';
import type { RecordingFile } from '../server/recording-file.ts';
import { fill, h, setText } from './dom.ts';
import { formatAgo, formatBytes } from './format.ts';
import { TextForm } from './text-form.ts';

/** Called when a user chooses an episode: of a listed recording, played now, from a file on disk, or a text that is written now. */
export interface SourceActions {
  recording: (file: string) => void;
  live: (seed: number) => void;
  disk: (file: File) => void;
  write: (request: TextRequest) => void;
  stop: () => void;
}

/** The choice of an episode: a recording of the run, a file from a disk, one played now, or a text. */
export class Sources {
  readonly element: HTMLElement;
  readonly text: TextForm;
  readonly #recordings = h('select', { 'aria-label': 'Recording' });
  readonly #seed = h('input', {
    ...{ type: 'text', inputmode: 'numeric', pattern: '\\d{1,9}', value: '0', size: 6 },
    'aria-label': 'Seed',
  });
  readonly #status = h('p', { class: 'source-status', role: 'status' });
  readonly #problem = h('p', { class: 'problem', role: 'alert', hidden: true });

  constructor(actions: SourceActions) {
    this.text = new TextForm(actions);
    this.#recordings.addEventListener('change', () => {
      if (this.#recordings.value !== '') actions.recording(this.#recordings.value);
    });
    const file = h('input', {
      ...{ type: 'file', accept: '.jsonl', class: 'unseen', id: 'recording-file' },
      change: () => {
        const [chosen] = file.files ?? [];
        if (chosen) actions.disk(chosen);
        file.value = '';
      },
    });
    const play = (event: Event) => {
      event.preventDefault();
      if (!/^\d{1,9}$/.test(this.#seed.value)) {
        this.showProblem('The seed must be a whole number of at most 9 digits.');
        return;
      }
      actions.live(Number(this.#seed.value));
      // The next click plays another episode.
      this.#seed.value = String(Number(this.#seed.value) + 1);
    };
    this.element = h(
      'div',
      { class: 'sources' },
      h(
        'div',
        { class: 'toolbar' },
        h('label', { class: 'field' }, h('span', {}, 'Recording'), this.#recordings),
        h(
          'form',
          { class: 'field', submit: play },
          h('button', { type: 'submit' }, 'Play one now'),
          h('label', { class: 'field' }, h('span', {}, 'seed'), this.#seed),
        ),
        h(
          'span',
          { class: 'field file' },
          file,
          h('label', { for: 'recording-file' }, 'Open a file…'),
        ),
      ),
      this.text.element,
      this.#status,
      this.#problem,
    );
  }

  /** Lists the recordings of the run; `file` is the one that is open. */
  list(files: readonly RecordingFile[], file: string | undefined): void {
    const now = Date.now();
    const none = files.length === 0 ? 'none yet' : 'choose one';
    fill(
      this.#recordings,
      h('option', { value: '', selected: file === undefined }, none),
      ...files.map(({ file: name, bytes, writtenAt }) =>
        h(
          'option',
          { value: name, selected: name === file },
          `${name.replace(/\.jsonl$/, '')} (${formatBytes(bytes)}, ${formatAgo(writtenAt, now)})`,
        ),
      ),
    );
    this.#recordings.value = file ?? '';
  }

  say(text: string): void {
    setText(this.#status, text);
  }

  /** @param text the problem; an empty one hides the message */
  showProblem(text: string): void {
    this.#problem.hidden = text === '';
    setText(this.#problem, text);
  }
}
