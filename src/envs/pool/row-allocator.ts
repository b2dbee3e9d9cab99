/** Numbers of one allocation. */
const CHUNK = 4096;

/**
 * Rows of one size, as parts of longer arrays: an allocation for each would take longer than the step of a small
 * environment.
 */
export class Rows {
  readonly #size: number;
  readonly #perChunk: number;
  #chunk = new Float32Array(0);
  #begin = 0;

  constructor(size: number) {
    this.#size = size;
    this.#perChunk = Math.max(1, Math.floor(CHUNK / size));
  }

  /** A new row of zeros. */
  next(): Float32Array {
    if (this.#begin === this.#chunk.length) {
      this.#chunk = new Float32Array(this.#perChunk * this.#size);
      this.#begin = 0;
    }
    const end = this.#begin + this.#size;
    const row = this.#chunk.subarray(this.#begin, end);
    this.#begin = end;
    return row;
  }
}
