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
  /** Which of them is shown. */
  #open: string | undefined;
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
    addEventListener('focus', this.#returned);
    void this.#begin();
  }

  dispose(): void {
    this.#showing.abort();
    this.#player?.dispose();
    this.#element.removeEventListener('dragover', this.#dragged);
    this.#element.removeEventListener('drop', this.#dropped);
    document.removeEventListener('keydown', this.#keyed);
    removeEventListener('focus', this.#returned);
    this.#element.replaceChildren();
  }

  async #begin(): Promise<void> {
    await this.#list();
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
        h('p', {}, h('code', {}, `pondera record …/${run} --episodes 3`)),
      ),
    );
  }

  async #list(): Promise<void> {
    try {
      const query = new URLSearchParams({ run: this.#context.run });
      const { signal } = this.#context;
      const answer = await this.#context.request(`/v1/recordings?${query}`, { signal });
      this.#files = await answer.json();
    } catch (error) {
      this.#complain(error);
    }
    this.#sources.list(this.#files, this.#open);
  }

  async #openRecording(file: string, byHand: boolean): Promise<void> {
    const query = new URLSearchParams({ run: this.#context.run, file });
    const open = async (signal: AbortSignal) => {
      const { body } = await this.#context.request(`/v1/recording?${query}`, { signal });
      return body!;
    };
    await this.#read(open, this.#show(file), { byHand });
  }

  async #openFile(file: File): Promise<void> {
    await this.#read(async () => file.stream(), this.#show(), { byHand: true, name: file.name });
  }

  /** @param name what to call it, where the list does not */
  async #read(
    open: (signal: AbortSignal) => Promise<ReadableStream<Uint8Array>>,
    { film, player, signal }: Showing,
    { byHand, name = '' }: { byHand: boolean; name?: string },
  ): Promise<void> {
    try {
      this.#sources.say('reading…');
      let begun = false;
      const progress = () => {
        if (signal.aborted) return;
        this.#grown(film, player);
        if (begun || film.decisions.length === 0) return;
        begun = true;
        player.cursor.seek(0);
        if (byHand) player.focus();
      };
      await readFilm(await open(signal), film, { signal, progress });
      if (!signal.aborted) this.#sources.say(name);
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
      this.#sources.say(film.decisions.length > 0 ? `seed ${seed}, played now` : '');
      if (code !== 1000) this.#complain(new Error('The connection to the server was lost.'));
    };
  }

  /** Makes room for another recording: one of those listed, or one from elsewhere. */
  #show(file?: string): Showing {
    this.#showing.abort();
    this.#player?.dispose();
    const showing = new AbortController();
    this.#showing = showing;
    const film = new Film();
    const player = new Player(film, this.#context.announce);
    this.#player = player;
    this.#open = file;
    this.#sources.list(this.#files, file);
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

  /** Somebody may have recorded some, elsewhere. */
  readonly #returned = (): void => void this.#list();

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

/** What is shown, and what ends it. */
interface Showing {
  film: Film;
  player: Player;
  signal: AbortSignal;
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
