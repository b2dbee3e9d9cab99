import { fill, h } from './dom.ts';
import { formatNumber } from './format.ts';
import type { InspectorContext } from './inspector-context.ts';
import { Player } from './player.ts';
import { RecordingReader, readRecordingInto } from './recording-reader.ts';
import type { Sources } from './sources.ts';

/** One recording in view, read from a file or played now. */
export class Showing {
  readonly element: HTMLElement;
  readonly player: Player;
  readonly #film = new RecordingReader();
  readonly #about = h('p', { class: 'about' });
  readonly #context: InspectorContext;
  readonly #sources: Sources;
  readonly #ended = new AbortController();
  #begun = false;

  /** @param sources shows its progress */
  constructor(context: InspectorContext, sources: Sources) {
    this.#context = context;
    this.#sources = sources;
    this.player = new Player(this.#film, context.announce);
    this.element = h('div', {}, this.#about, this.player.element);
  }

  /**
   * Reads a recording.
   * @param name the name to show; empty for a recording in the list
   */
  async read(
    open: (signal: AbortSignal) => Promise<ReadableStream<Uint8Array>>,
    { byHand, name = '' }: { byHand: boolean; name?: string },
  ): Promise<void> {
    const { signal } = this.#ended;
    const progress = () => {
      if (!signal.aborted && this.#grow()) {
        this.player.cursor.seek(0);
        if (byHand) this.player.focus();
      }
    };
    try {
      this.#sources.say('reading…');
      await readRecordingInto(await open(signal), this.#film, { signal, progress });
      if (!signal.aborted) this.#sources.say(name);
    } catch (error) {
      this.#showProblem(error);
    }
  }

  /** Asks the server to play an episode now, and shows its decisions as they arrive. */
  play(seed: number): void {
    const { player } = this;
    const { signal } = this.#ended;
    const query = new URLSearchParams({ run: this.#context.run, seed: String(seed) });
    const socket = this.#context.connect(`/v1/think?${query}`);
    signal.addEventListener('abort', () => socket.close());
    player.cursor.coming = true;
    this.#sources.say(`starting an episode of seed ${seed}…`);
    socket.onmessage = ({ data }) => {
      if (signal.aborted) return;
      try {
        this.#film.add(data);
      } catch (error) {
        this.#showProblem(error);
        return;
      }
      if (this.#grow()) {
        player.cursor.play();
        player.focus();
      }
      this.#sources.say(`playing seed ${seed}: ${this.#film.decisions.length} decisions so far`);
    };
    socket.onclose = ({ code }) => {
      if (signal.aborted) return;
      player.cursor.coming = false;
      if (this.#begun) this.#sources.say(`seed ${seed}, played now`);
      if (code !== 1000) this.#showProblem(new Error('The connection to the server was lost.'));
    };
  }

  dispose(): void {
    this.#ended.abort();
    this.player.dispose();
  }

  /** Shows the decisions that have arrived. @returns true the first time that there is one */
  #grow(): boolean {
    const { header, decisions } = this.#film;
    if (header && this.#about.textContent === '') fill(this.#about, aboutText(header));
    this.player.grow();
    const first = !this.#begun && decisions.length > 0;
    this.#begun ||= first;
    return first;
  }

  #showProblem(error: unknown): void {
    if (this.#ended.signal.aborted) return;
    this.#sources.say('');
    this.#sources.showProblem((error as Error).message);
  }
}

function aboutText(header: NonNullable<RecordingReader['header']>): string {
  const { run, env, checkpoint, seed, halting, policy } = header;
  const { exit, options = {}, minSteps, maxSteps } = halting;
  const set = Object.entries(options).map(([option, value]) => `${option} ${value}`);
  return [
    `${run}, ${env}`,
    `checkpoint of ${formatNumber(checkpoint)} environment steps`,
    `seed ${seed}`,
    `${minSteps} to ${maxSteps} ponder steps, ${[`exit ${exit}`, ...set].join(', ')}`,
    `${policy.core} core`,
    ...(policy.memory ? [`memory of ${policy.memory.length} entries`] : []),
  ].join(' · ');
}
