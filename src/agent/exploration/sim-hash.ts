import type { Row, Space } from '../../envs/index.ts';
import type { Rng } from '../../kernels/index.ts';
import { choicesIn } from './choices-in.ts';

/** Bits of a code. */
const BITS = 32;
/** The most numbers of a row that a bit reads, drawn for each bit, so that a picture costs no more. */
const MOST_NUMBERS = 512;

/**
 * Codes of 32 bits, which are equal where observations are alike (SimHash: Charikar 2002; of observations: Tang et al. 2017,
 * arXiv 1611.04717). Bit j is the sign of Σ_i a_ji · x_i + b_j, with normal a and b drawn once; a choice has a random sign of its
 * own for each of its values in place of a_ji · x_i, so that each value of a Discrete has a code of its own.
 */
export class SimHash {
  /** The entries of a row that are choices. */
  readonly #choices: Int32Array;
  /** The numbers that each bit reads, as entries of a row [BITS, reads]. */
  readonly #read: Int32Array;
  readonly #weights: Float32Array; // [BITS, reads]
  readonly #offsets: Float64Array; // [BITS]
  readonly #sums = new Float64Array(BITS);

  /** @param rng draws the projection; the same rng gives the same codes */
  constructor(space: Space, rng: Rng) {
    const choices = choicesIn(space);
    const entries = Int32Array.from(choices.keys());
    const numbers = entries.filter((i) => choices[i] === 0);
    this.#choices = entries.filter((i) => choices[i] === 1);
    const reads = Math.min(numbers.length, MOST_NUMBERS);
    this.#read = new Int32Array(BITS * reads);
    for (let j = 0; j < BITS; j++) {
      if (reads < numbers.length) rng.shuffle(numbers);
      this.#read.set(numbers.subarray(0, reads), j * reads);
    }
    this.#weights = Float32Array.from(this.#read, () => rng.normal());
    this.#offsets = Float64Array.from({ length: BITS }, () => (reads > 0 ? rng.normal() : 0));
  }

  /** The code of a row, in 0..2³²−1. */
  codeOf(row: Row): number {
    const sums = this.#sums;
    sums.set(this.#offsets);
    for (const i of this.#choices) {
      const signs = mixed(i, row[i]);
      for (let j = 0; j < BITS; j++) sums[j] += (signs >>> j) & 1 ? 1 : -1;
    }
    const reads = this.#read.length / BITS;
    let code = 0;
    for (let j = 0, at = 0; j < BITS; j++) {
      let sum = sums[j];
      for (const end = at + reads; at < end; at++) sum += this.#weights[at] * row[this.#read[at]];
      if (sum > 0) code |= 1 << j;
    }
    return code >>> 0;
  }
}

/** 32 bits that look drawn, the same for the same entry and value (the finalizer of MurmurHash3). */
function mixed(entry: number, value: number): number {
  let h = Math.imul(entry + 1, 0x9e3779b1) ^ value;
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
  return h ^ (h >>> 16);
}
