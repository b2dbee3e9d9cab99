import type { Row } from '../contract/row.ts';

/** Numbers of one allocation. */
const CHUNK = 4096;

/**
 * Rows of one size, as parts of longer arrays: an allocation for each would take longer than the step of a small
 * environment.
 */
export class Rows {
  readonly #size: number;
  readonly #make: (numbers: number) => Row;
  readonly #perChunk: number;
  #chunk: Row;
  #begin = 0;

  /** @param bytes whether the rows are Uint8Arrays */
  constructor(size: number, bytes = false) {
    this.#size = size;
    this.#make = bytes
      ? (numbers) => new Uint8Array(numbers)
      : (numbers) => new Float32Array(numbers);
    this.#chunk = this.#make(0);
    this.#perChunk = Math.max(1, Math.floor(CHUNK / size));
  }

  /** A new row of zeros. */
  next(): Row {
    if (this.#begin === this.#chunk.length) {
      this.#chunk = this.#make(this.#perChunk * this.#size);
      this.#begin = 0;
    }
    const end = this.#begin + this.#size;
    const row = this.#chunk.subarray(this.#begin, end);
    this.#begin = end;
    return row;
  }
}
