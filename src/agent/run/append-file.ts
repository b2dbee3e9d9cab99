import {
  closeSync,
  fstatSync,
  fsyncSync,
  ftruncateSync,
  openSync,
  readSync,
  writeSync,
} from 'node:fs';
import { cannotSync } from './atomic.ts';

const NEWLINE = 0x0a;

/**
 * A file of lines that grows at its end. Where the system cannot write a line (a full disk), memory holds the bytes
 * that remain, and the next `append` or `flush` continues at the first of them.
 */
export class AppendFile {
  readonly path: string;
  readonly #file: number;
  readonly #most: number;
  #held: Uint8Array[] = [];

  /**
   * Opens the file, or creates it.
   * @param most lines held in memory at most; beyond them the oldest are dropped
   */
  constructor(path: string, { most = Number.POSITIVE_INFINITY }: { most?: number } = {}) {
    this.path = path;
    this.#most = most;
    this.#file = openSync(path, 'a+');
  }

  /** Appends a line. It never throws: `flush` says whether everything could be written. */
  append(line: string): void {
    this.#held.push(Buffer.from(`${line}\n`));
    // The file may hold a part of the first line already, so its rest must follow.
    if (this.#held.length > this.#most) this.#held.splice(1, 1);
    try {
      this.flush();
    } catch {
      // Memory holds the line.
    }
  }

  /** Writes the held lines. @throws Error naming the file and the cause */
  flush(): void {
    try {
      while (this.#held.length > 0) {
        const rest = this.#held[0].subarray(writeSync(this.#file, this.#held[0]));
        if (rest.length > 0) this.#held[0] = rest;
        else this.#held.shift();
      }
    } catch (cause) {
      throw this.#failed(cause);
    }
  }

  /** Waits until everything appended is on the disk. @throws Error naming the file and the cause */
  sync(): void {
    this.flush();
    try {
      if (fstatSync(this.#file).nlink === 0)
        throw new Error('the file was deleted while it was written');
      fsyncSync(this.#file);
    } catch (cause) {
      if (!cannotSync(cause)) throw this.#failed(cause);
    }
  }

  /** Cuts the file after `size` bytes and drops the held lines. */
  truncate(size: number): void {
    this.#held = [];
    ftruncateSync(this.#file, size);
  }

  /** Ends a last line that a crash left without a newline, so that the next line starts on its own. */
  endLine(): void {
    const { size } = fstatSync(this.#file);
    const last = Buffer.alloc(1);
    if (size > 0) readSync(this.#file, last, 0, 1, size - 1);
    if (size > 0 && last[0] !== NEWLINE) this.append('');
  }

  close(): void {
    try {
      this.flush();
    } finally {
      closeSync(this.#file);
    }
  }

  #failed(cause: unknown): Error {
    return new Error(`cannot write ${this.path}: ${(cause as Error).message}`, { cause });
  }
}
