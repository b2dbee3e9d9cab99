/** The part of a terminal’s stream that progress needs; `process.stderr` is one. */
export interface ProgressStream {
  /** Whether it is a terminal. */
  readonly isTTY?: boolean;
  /** Characters in a line. */
  readonly columns?: number;
  /** Whether colors may be used; Node's own method respects `NO_COLOR`. */
  hasColors?(): boolean;
  /** Writes text. */
  write(text: string): unknown;
}

/** The last line of a terminal, redrawn in place under lines that stay. */
export class StatusLine {
  readonly #stream: ProgressStream;
  #drawn = '';

  constructor(stream: ProgressStream) {
    this.#stream = stream;
  }

  /** Whether the stream is a terminal; elsewhere `draw` does nothing. */
  get live(): boolean {
    return this.#stream.isTTY === true;
  }

  get columns(): number {
    return this.#stream.columns ?? 80;
  }

  draw(line: string): void {
    if (!this.live || line === this.#drawn) return;
    this.#stream.write(`\r\x1b[2K${line}`);
    this.#drawn = line;
  }

  /** Prints a line that stays, above the status. */
  note(line: string): void {
    const status = this.#drawn;
    this.draw('');
    this.#stream.write(`${line}\n`);
    this.draw(status);
  }
}
