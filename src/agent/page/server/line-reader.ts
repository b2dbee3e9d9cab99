import { type FileHandle, open } from 'node:fs/promises';
import { errorCode } from '../../run/atomic.ts';

export interface Lines {
  /** What came before is no longer so: the file was cut, replaced or removed. */
  restarted: boolean;
  lines: string[];
}

/**
 * Reads a file of lines to which another process appends. Whether it still is what was read before is
 * told from its end: a resumed run cuts its file and goes on, perhaps beyond where it was.
 */
export class LineReader {
  readonly path: string;
  /** Bytes of whole lines read. */
  #offset = 0;
  /** The last of them. */
  #seen: Buffer = Buffer.alloc(0);

  constructor(path: string) {
    this.path = path;
  }

  /** What is new, in batches; a last line without its newline stays for the next time. */
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
      // What is left of a line longer than a chunk.
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

/** Bytes read at once: lines enough to be worth it, few enough that nothing waits long for them. */
const CHUNK = 2 ** 18;
/** Bytes by which a file is known again; the end of a line of metrics holds times. */
const SEEN = 256;
/** Bytes of a line, which is held whole. */
const LONGEST = 2 ** 24;
const NEWLINE = 10;
