import type {
  RecordedDecision,
  RecordedEnd,
  RecordingHeader,
} from '../../recording/recording-format.ts';

/** The newest version of recordings that this page reads. */
const VERSION = 2;

export interface Episode {
  /** Place of its first decision among all. */
  begin: number;
  length: number;
  end: RecordedEnd | undefined;
}

/** A recording as far as it has come, line by line. */
export class RecordingReader {
  header: RecordingHeader | undefined;
  readonly decisions: RecordedDecision[] = [];
  readonly episodes: Episode[] = [];
  #lines = 0;

  /** Takes the next line. @throws Error naming the line where it is none of a recording */
  add(text: string): void {
    this.#lines++;
    const line = this.#parsed(text);
    if (this.header === undefined) {
      this.header = headerOf(line);
    } else if (line.type === 'decision') {
      this.#episode().length++;
      this.decisions.push(line as unknown as RecordedDecision);
    } else if (line.type === 'end') {
      this.#episode().end = line as unknown as RecordedEnd;
    } else if (line.type === 'problem') {
      throw new Error(String(line.message));
    } else throw new Error(`Line ${this.#lines} is none of a recording.`);
  }

  /** The episode that the decision at a place is of, and which one that is. */
  episodeAt(place: number): { episode: Episode; number: number } | undefined {
    const number = this.episodes.findIndex(({ begin, length }) => place < begin + length);
    return number < 0 ? undefined : { episode: this.episodes[number], number };
  }

  #episode(): Episode {
    const last = this.episodes.at(-1);
    if (last && last.end === undefined) return last;
    const next = { begin: this.decisions.length, length: 0, end: undefined };
    this.episodes.push(next);
    return next;
  }

  #parsed(text: string): Record<string, unknown> {
    try {
      const line = JSON.parse(text);
      if (typeof line === 'object' && line !== null) return line;
    } catch {
      // Told below, as what is no object is.
    }
    throw new Error(`Line ${this.#lines} is damaged.`);
  }
}

function headerOf(line: Record<string, unknown>): RecordingHeader {
  if (line.type === 'problem') throw new Error(String(line.message));
  if (line.format !== 'pondera-recording') throw new Error('This is not a recording.');
  if (!(Number(line.version) <= VERSION)) {
    throw new Error(
      `This recording is of version ${line.version}, written by Pondera ${line.pondera}; ` +
        `this page reads version ${VERSION}.`,
    );
  }
  return line as unknown as RecordingHeader;
}

/** How long a task may take while a recording is read, and how often what has come is shown, in ms. */
const [TASK_MS, SHOW_MS] = [16, 200];

/**
 * Reads the lines of a recording as they come, in tasks short enough that the page stays quick; a last
 * line without its newline was being written, and is left out.
 */
export async function readRecordingInto(
  stream: ReadableStream<Uint8Array>,
  film: RecordingReader,
  { signal, progress }: { signal: AbortSignal; progress: () => void },
): Promise<void> {
  const decoder = new TextDecoderStream() as TransformStream<Uint8Array, string>;
  const reader = stream.pipeThrough(decoder).getReader();
  let rest = '';
  // What was read before in the same task counts too.
  let began = performance.now();
  let shown = began;
  for (;;) {
    const { done, value } = await reader.read();
    if (signal.aborted) return;
    if (done) return progress();
    const lines = (rest + value).split('\n');
    rest = lines.pop()!;
    for (const line of lines) {
      film.add(line);
      const now = performance.now();
      if (now - began < TASK_MS) continue;
      if (now - shown > SHOW_MS) {
        progress();
        shown = now;
      }
      await new Promise((resume) => setTimeout(resume));
      if (signal.aborted) return;
      began = performance.now();
    }
  }
}
