import type { RecordedDecision, RecordedEnd, RecordingHeader } from '../../run/recording-format.ts';

/** The newest version of the recording format that this page reads. */
const VERSION = 4;

export interface Episode {
  /** Index of its first decision among all of the recording. */
  begin: number;
  length: number;
  end: RecordedEnd | undefined;
}

/** A recording, as far as its lines have arrived. */
export class RecordingReader {
  header: RecordingHeader | undefined;
  readonly decisions: RecordedDecision[] = [];
  readonly episodes: Episode[] = [];
  #lines = 0;

  /** Takes the next line. @throws Error that names the line, where it is not one of a recording */
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
    } else throw new Error(`Line ${this.#lines} is not a line of a recording.`);
  }

  /** The episode of the decision at a place, and its index. */
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
      // The error below is the same as for JSON that is no object.
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

/** The longest task while a recording is read, and how often the page shows its progress, in ms. */
const [TASK_MS, SHOW_MS] = [16, 200];

/**
 * Reads the lines of a recording as they arrive, in tasks so short that the page stays quick. A last line without a
 * newline is not complete, so it is left out.
 */
export async function readRecordingInto(
  stream: ReadableStream<Uint8Array>,
  film: RecordingReader,
  { signal, progress }: { signal: AbortSignal; progress: () => void },
): Promise<void> {
  const decoder = new TextDecoderStream() as TransformStream<Uint8Array, string>;
  const reader = stream.pipeThrough(decoder).getReader();
  let rest = '';
  // The time of lines read earlier in the same task counts too.
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
