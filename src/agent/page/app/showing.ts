import type { TextRequest } from '../server/page-messages.ts';
import { fill, h } from './dom.ts';
import { formatNumber } from './format.ts';
import type { InspectorContext } from './inspector-context.ts';
import { Player } from './player.ts';
import { RecordingReader, readRecordingInto } from './recording-reader.ts';
import type { Sources } from './sources.ts';

/** How long lines wait for others, in ms. */
const SHOW_MS = 50;

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
    this.#take(socket, {
      first: () => {
        player.cursor.play();
        player.focus();
      },
      more: () =>
        this.#sources.say(`playing seed ${seed}: ${this.#film.decisions.length} decisions so far`),
      over: (problem) => {
        player.cursor.coming = false;
        if (this.#begun) this.#sources.say(`seed ${seed}, played now`);
        if (problem) this.#showProblem(problem);
      },
    });
  }

  /**
   * Asks the server to write a text, and shows its tokens as they arrive.
   * @param over called once it has ended
   * @returns a function that stops it
   */
  write(request: TextRequest, over: () => void): () => void {
    const query = new URLSearchParams({ run: this.#context.run });
    const socket = this.#context.connect(`/v1/generate?${query}`);
    const { signal } = this.#ended;
    signal.addEventListener('abort', () => socket.close());
    socket.onopen = () => socket.send(JSON.stringify(request));
    this.#sources.say('starting to write…');
    let stopped = false;
    this.#take(socket, {
      first: () => this.#sources.say('writing…'),
      more: () => {},
      over: (problem) => {
        const count = counted(this.#film.decisions.length);
        const { reason } = this.#film.episodes.at(-1)?.end ?? {};
        if (reason) this.#sources.say(`${count}; ${ENDS[reason]}`);
        else if (stopped) this.#sources.say(`${count}; stopped`);
        else this.#showProblem(cutOff(this.#begun ? count : undefined, problem));
        over();
      },
    });
    return () => {
      stopped = true;
      socket.close();
    };
  }

  dispose(): void {
    this.#ended.abort();
    this.player.dispose();
  }

  /**
   * Takes the lines that a socket sends.
   * @param first called once the first decision is there
   * @param more called with more of them
   * @param over called once, after the last; with a problem where it is not the end of the recording
   */
  #take(
    socket: WebSocket,
    told: { first: () => void; more: () => void; over: (problem?: Error) => void },
  ): void {
    const { signal } = this.#ended;
    let problem: Error | undefined;
    let waiting: ReturnType<typeof setTimeout> | undefined;
    const show = () => {
      clearTimeout(waiting);
      waiting = undefined;
      if (signal.aborted) return;
      if (this.#grow()) told.first();
      told.more();
    };
    socket.onmessage = ({ data }) => {
      if (signal.aborted || problem) return;
      try {
        this.#film.add(data);
      } catch (error) {
        problem = error as Error;
        return;
      }
      // Lines that come fast are shown together.
      waiting ??= setTimeout(show, SHOW_MS);
    };
    socket.onclose = ({ code }) => {
      show();
      if (code !== 1000) problem ??= new Error('The connection to the server was lost.');
      if (!signal.aborted) told.over(problem);
    };
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

/** Why a text ended. */
const ENDS = {
  stop: 'ended by the text to stop after',
  maxTokens: 'as many as were asked for',
  deadline: 'ended by its deadline',
  full: 'cut off: a recording holds no more than 32 MiB',
} as const;

function counted(tokens: number): string {
  return tokens === 1 ? '1 token' : `${tokens} tokens`;
}

/** @param after what had come, where something had */
function cutOff(after: string | undefined, problem = new Error('It ended without a reason.')) {
  return after === undefined ? problem : new Error(`Cut off after ${after}: ${problem.message}`);
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
