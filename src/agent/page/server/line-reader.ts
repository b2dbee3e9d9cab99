import { type FileHandle, open } from 'node:fs/promises';
import { errorCode } from '../../run/atomic.ts';

export interface Lines {
  /** True if the lines read before no longer count: the file was cut, replaced or removed. */
  restarted: boolean;
  lines: string[];
}

/**
 * Reads a file of lines to which another process appends. It compares the last bytes it read with the file, since a resumed
 * run cuts its file and then writes on, perhaps beyond the old end.
 */
export class LineReader {
  readonly path: string;
  /** How many bytes of whole lines were read. */
  #offset = 0;
  /** The last of these bytes. */
  #seen: Buffer = Buffer.alloc(0);

  constructor(path: string) {
    this.path = path;
  }

  /** Reads the new lines, in batches. A last line without a newline waits for the next call. */
  async *read(): AsyncGenerator<Lines> {
    let file: FileHandle;
    try {
      file = await open(this.path);
    } catch (error) {
      if (errorCode(error) !== 'ENOENT') throw error;
      if (this.#offset > 0) yield this.#restart();
      return;
    }
    try {
      if (!(await this.#continues(file))) yield this.#restart();
      const chunk = Buffer.alloc(CHUNK);
      // The beginning of a line that is longer than a chunk.
      let rest: Buffer[] = [];
      for (let at = this.#offset; ; ) {
        const { bytesRead } = await file.read(chunk, 0, CHUNK, at);
        if (bytesRead === 0) return;
        at += bytesRead;
        const end = chunk.lastIndexOf(NEWLINE, bytesRead - 1) + 1;
        if (end === 0) {
          rest.push(Buffer.from(chunk.subarray(0, bytesRead)));
          if (rest.length * CHUNK > LONGEST) {
            throw new Error(
              `${this.path}: expected lines of at most ${LONGEST} bytes, got a longer one`,
            );
          }
          continue;
        }
        const whole = Buffer.concat([...rest, chunk.subarray(0, end)]);
        rest = [Buffer.from(chunk.subarray(end, bytesRead))];
        this.#offset += whole.length;
        this.#seen = whole.subarray(-SEEN);
        yield { restarted: false, lines: whole.toString('utf8', 0, whole.length - 1).split('\n') };
      }
    } finally {
      await file.close();
    }
  }

  async #continues(file: FileHandle): Promise<boolean> {
    const { length } = this.#seen;
    if (length === 0) return true;
    const { buffer, bytesRead } = await file.read(
      Buffer.alloc(length),
      0,
      length,
      this.#offset - length,
    );
    return bytesRead === length && buffer.equals(this.#seen);
  }

  #restart(): Lines {
    this.#offset = 0;
    this.#seen = Buffer.alloc(0);
    return { restarted: true, lines: [] };
  }
}

/** Bytes read at once: enough lines for speed, and few enough that other work does not wait long. */
const CHUNK = 2 ** 18;
/** Bytes that identify a file. The end of a line of metrics holds times, so it differs from file to file. */
const SEEN = 256;
/** The longest line in bytes, since a line is held whole in memory. */
const LONGEST = 2 ** 24;
const NEWLINE = 10;
