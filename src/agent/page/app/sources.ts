import type { RecordingFile } from '../server/recording-file.ts';
import { fill, h, setText } from './dom.ts';
import { formatAgo, formatBytes } from './format.ts';

/** What somebody may want to see. */
export interface Wanted {
  recording: (file: string) => void;
  live: (seed: number) => void;
  disk: (file: File) => void;
}

/** Where episodes come from: recordings of the run, a file from a disk, one played now. */
export class Sources {
  readonly element: HTMLElement;
  readonly #recordings = h('select', { 'aria-label': 'Recording' });
  readonly #seed = h('input', {
    ...{ type: 'text', inputmode: 'numeric', pattern: '\\d{1,9}', value: '0', size: 6 },
    'aria-label': 'Seed',
  });
  readonly #status = h('p', { class: 'said-of-source', role: 'status' });
  readonly #problem = h('p', { class: 'problem', role: 'alert', hidden: true });

  constructor(wanted: Wanted) {
    this.#recordings.addEventListener('change', () => {
      if (this.#recordings.value !== '') wanted.recording(this.#recordings.value);
    });
    const file = h('input', {
      ...{ type: 'file', accept: '.jsonl', class: 'unseen', id: 'recording-file' },
      change: () => {
        const [chosen] = file.files ?? [];
        if (chosen) wanted.disk(chosen);
        file.value = '';
      },
    });
    const play = (event: Event) => {
      event.preventDefault();
      if (!/^\d{1,9}$/.test(this.#seed.value)) {
        this.complain('The seed is to be a whole number.');
        return;
      }
      wanted.live(Number(this.#seed.value));
      // Another episode the next time.
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

  /** @param text what is wrong; nothing where it is empty */
  complain(text: string): void {
    this.#problem.hidden = text === '';
    setText(this.#problem, text);
  }
}
