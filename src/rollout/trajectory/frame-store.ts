import type { Row } from '../../envs/index.ts';

/** How frames are stacked in a row: for each part, `count` frames of `sizes[part]` numbers, the oldest first. */
export interface FrameLayout {
  /** Frames in a stack. */
  readonly count: number;
  /** Numbers of a frame in each part of the row. */
  readonly sizes: readonly number[];
}

/**
 * Rows of stacked frames, in which a frame that several rows share is stored once. It compares numbers: whatever is not
 * found in the row before, or again in the same row, is stored anew. So the rows are those that it was given, whoever
 * stacked them and however an episode begins.
 */
export class FrameStore {
  readonly #layout: FrameLayout;
  /** Numbers of a frame (F). */
  readonly #size: number;
  /** Frames [stored, F]. */
  #frames: Row;
  #stored = 0;
  /** The frames of each row [rows, count]. */
  readonly #index: Int32Array;

  /**
   * @param rows the most rows
   * @param frames the frames to make room for at once; more take a copy
   * @param bytes whether numbers are bytes
   */
  constructor(layout: FrameLayout, rows: number, frames: number, bytes: boolean) {
    this.#layout = layout;
    this.#size = layout.sizes.reduce((sum, size) => sum + size, 0);
    const numbers = frames * this.#size;
    this.#frames = bytes ? new Uint8Array(numbers) : new Float32Array(numbers);
    this.#index = new Int32Array(rows * layout.count);
  }

  /** Memory of its arrays. */
  get byteLength(): number {
    return this.#frames.byteLength + this.#index.byteLength;
  }

  /** Removes all rows. */
  clear(): void {
    this.#stored = 0;
  }

  /** Sets row t. @param before the row that it probably shares frames with, -1 for none */
  set(t: number, row: Row, before: number): void {
    const { count } = this.#layout;
    for (let j = 0; j < count; j++) {
      const shifted = before >= 0 && j + 1 < count ? this.#index[before * count + j + 1] : -1;
      const again = j > 0 ? this.#index[t * count + j - 1] : -1;
      const known = [shifted, again].find((frame) => frame >= 0 && this.#holds(frame, row, j));
      this.#index[t * count + j] = known ?? this.#add(row, j);
    }
  }

  /** Writes row t as numbers of `target` from `offset` on. */
  write(t: number, target: Row, offset: number): void {
    const { count } = this.#layout;
    for (let j = 0; j < count; j++) {
      const frame = this.#index[t * count + j];
      this.#parts(j, (at, from, size) => {
        const begin = frame * this.#size + from;
        target.set(this.#frames.subarray(begin, begin + size), offset + at);
      });
    }
  }

  /** Whether a frame has the numbers of frame j of a row. */
  #holds(frame: number, row: Row, j: number): boolean {
    let same = true;
    this.#parts(j, (at, from, size) => {
      const begin = frame * this.#size + from;
      for (let i = 0; i < size && same; i++) same = this.#frames[begin + i] === row[at + i];
    });
    return same;
  }

  #add(row: Row, j: number): number {
    const begin = this.#stored * this.#size;
    if (begin === this.#frames.length) {
      const grown = new (this.#frames.constructor as new (size: number) => Row)(
        Math.ceil(1.25 * (this.#stored + 4)) * this.#size,
      );
      grown.set(this.#frames);
      this.#frames = grown;
    }
    this.#parts(j, (at, from, size) => {
      this.#frames.set(row.subarray(at, at + size), begin + from);
    });
    return this.#stored++;
  }

  /** Calls `part` with where each part of frame j lies in a row, and where in a frame. */
  #parts(j: number, part: (at: number, from: number, size: number) => void): void {
    const { count, sizes } = this.#layout;
    let from = 0;
    for (const size of sizes) {
      part(from * count + j * size, from, size);
      from += size;
    }
  }
}
