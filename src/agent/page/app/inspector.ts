import type { RecordingFile } from '../recording-file.ts';
import { fill, h } from './dom.ts';
import { Film, readFilm } from './film.ts';
import { formatNumber } from './format.ts';
import type { InspectorContext } from './inspector-context.ts';
import { Player } from './player.ts';
import { Sources } from './sources.ts';

/**
 * Shows the thought inspector of a run in `element`.
 * @returns what takes it down again
 */
export function mountInspector(element: HTMLElement, context: InspectorContext): () => void {
  const inspector = new Inspector(element, context);
  return () => inspector.dispose();
}

class Inspector {
  readonly #element: HTMLElement;
  readonly #context: InspectorContext;
  readonly #sources: Sources;
  readonly #about = h('p', { class: 'about' });
  readonly #place = h('div', {});
  #files: RecordingFile[] = [];
  #player: Player | undefined;
  /** Ends what is being read or played. */
  #showing = new AbortController();

  constructor(element: HTMLElement, context: InspectorContext) {
    this.#element = element;
    this.#context = context;
    this.#sources = new Sources({
      recording: (file) => void this.#openRecording(file, true),
      live: (seed) => this.#playLive(seed),
      disk: (file) => void this.#openFile(file),
    });
    fill(element, this.#sources.element, this.#about, this.#place);
    element.addEventListener('dragover', this.#dragged);
    element.addEventListener('drop', this.#dropped);
    document.addEventListener('keydown', this.#keyed);
    void this.#begin();
  }

  dispose(): void {
    this.#showing.abort();
    this.#player?.dispose();
    this.#element.removeEventListener('dragover', this.#dragged);
    this.#element.removeEventListener('drop', this.#dropped);
    document.removeEventListener('keydown', this.#keyed);
    this.#element.replaceChildren();
  }

  async #begin(): Promise<void> {
    await this.#list(undefined);
    const [latest] = this.#files;
    if (latest) await this.#openRecording(latest.file, false);
    else this.#showNone();
  }

  #showNone(): void {
    const { run } = this.#context;
    fill(
      this.#place,
      h(
        'div',
        { class: 'panel empty' },
        h('p', {}, 'No episode of this run has been recorded.'),
        h('p', {}, 'Play one now, drop a recording here, or record some:'),
        h('p', {}, h('code', {}, `pondera record runs/${run} --episodes 3`)),
      ),
    );
  }

  async #list(open: string | undefined): Promise<void> {
    try {
      const query = new URLSearchParams({ run: this.#context.run });
      const { signal } = this.#context;
      const answer = await this.#context.request(`/v1/recordings?${query}`, { signal });
      this.#files = await answer.json();
    } catch (error) {
      this.#complain(error);
    }
    this.#sources.list(this.#files, open);
  }

  async #openRecording(file: string, byHand: boolean): Promise<void> {
    const query = new URLSearchParams({ run: this.#context.run, file });
    this.#sources.list(this.#files, file);
    await this.#read(async (signal) => {
      const { body } = await this.#context.request(`/v1/recording?${query}`, { signal });
      return body!;
    }, byHand);
  }

  async #openFile(file: File): Promise<void> {
    this.#sources.list(this.#files, undefined);
    await this.#read(async () => file.stream(), true);
    this.#sources.say(file.name);
  }

  async #read(
    open: (signal: AbortSignal) => Promise<ReadableStream<Uint8Array>>,
    byHand: boolean,
  ): Promise<void> {
    const { film, player, signal } = this.#show();
    try {
      this.#sources.say('reading…');
      const progress = () => {
        if (!signal.aborted) this.#grown(film, player);
      };
      await readFilm(await open(signal), film, { signal, progress });
      if (signal.aborted) return;
      this.#sources.say('');
      player.cursor.seek(0);
      if (byHand) player.focus();
    } catch (error) {
      if (!signal.aborted) this.#complain(error);
    }
  }

  #playLive(seed: number): void {
    const { film, player, signal } = this.#show();
    const query = new URLSearchParams({ run: this.#context.run, seed: String(seed) });
    const socket = this.#context.connect(`/v1/think?${query}`);
    signal.addEventListener('abort', () => socket.close());
    player.cursor.coming = true;
    this.#sources.list(this.#files, undefined);
    this.#sources.say(`starting an episode of seed ${seed}…`);
    socket.onmessage = ({ data }) => {
      if (signal.aborted) return;
      try {
        film.add(data);
      } catch (error) {
        this.#complain(error);
        return;
      }
      this.#grown(film, player);
      if (film.decisions.length === 1 && !player.cursor.playing) {
        player.cursor.play();
        player.focus();
      }
      this.#sources.say(`playing seed ${seed}: ${film.decisions.length} decisions so far`);
    };
    socket.onclose = ({ code }) => {
      if (signal.aborted) return;
      player.cursor.coming = false;
      this.#sources.say(film.header ? `seed ${seed}, played now` : '');
      if (code !== 1000) this.#complain(new Error('The connection to the server was lost.'));
    };
  }

  /** Makes room for another recording. */
  #show() {
    this.#showing.abort();
    this.#player?.dispose();
    const showing = new AbortController();
    this.#showing = showing;
    const film = new Film();
    const player = new Player(film, this.#context.announce);
    this.#player = player;
    this.#sources.complain('');
    fill(this.#about);
    fill(this.#place, player.element);
    return { film, player, signal: showing.signal };
  }

  #grown(film: Film, player: Player): void {
    if (film.header && this.#about.textContent === '') fill(this.#about, aboutText(film.header));
    player.grow();
  }

  #complain(error: unknown): void {
    this.#sources.say('');
    this.#sources.complain((error as Error).message);
  }

  readonly #dragged = (event: DragEvent): void => event.preventDefault();

  readonly #dropped = (event: DragEvent): void => {
    event.preventDefault();
    const file = event.dataTransfer?.files[0];
    if (file) void this.#openFile(file);
  };

  readonly #keyed = (event: KeyboardEvent): void => {
    const { target, ctrlKey, altKey, metaKey, key } = event;
    const element = target as HTMLElement;
    if (ctrlKey || altKey || metaKey || !this.#player) return;
    if (element !== document.body && !this.#element.contains(element)) return;
    if (element.closest('input, select, textarea')) return;
    if (key === ' ' && element.closest('button, summary, a')) return;
    if (this.#player.key(event)) event.preventDefault();
  };
}

function aboutText({
  env,
  checkpoint,
  seed,
  halting,
  policy,
  run,
}: Film['header'] & object): string {
  const { rule, exit, quantile, minSteps, maxSteps } = halting;
  const ends =
    rule === 'fixed' ? 'fixed depth' : `exit ${exit}${exit === 'sample' ? '' : ` ${quantile}`}`;
  return [
    `${run}, ${env}`,
    `checkpoint of ${formatNumber(checkpoint)} steps`,
    `seed ${seed}`,
    `${minSteps} to ${maxSteps} ponder steps, ${ends}`,
    `${policy.core} core`,
  ].join(' · ');
}
