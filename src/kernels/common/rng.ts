/** The state of an `Rng` as plain data: four unsigned 32-bit words. */
export type RngState = readonly [number, number, number, number];

/** The finalizer of SplitMix32: it spreads nearby seeds far apart. */
function mix(h: number): number {
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
  return (h ^ (h >>> 16)) >>> 0;
}

/**
 * A seeded stream of random numbers: sfc32 (Chris Doty-Humphrey, PractRand), with 128 bits of state. The same seed gives
 * the same numbers on every machine.
 *
 * ```ts
 * import { Rng } from 'pondera';
 *
 * const rng = Rng.seed(7, 'dice');
 * console.log(rng.int(6) + 1, rng.normal());
 * ```
 */
export class Rng {
  #a: number;
  #b: number;
  #c: number;
  #counter: number;

  private constructor([a, b, c, counter]: RngState) {
    this.#a = a;
    this.#b = b;
    this.#c = c;
    this.#counter = counter;
  }

  /**
   * Begins a stream.
   * @param seed an integer in 0..2⁵³−1
   * @param path labels, such as `('env', 3)`: each path of a seed gives an independent stream
   * @throws RangeError for another seed
   */
  static seed(seed: number, ...path: (string | number)[]): Rng {
    if (!Number.isSafeInteger(seed) || seed < 0) {
      throw new RangeError(`Rng.seed: seed must be an integer in 0..2^53-1, got ${seed}`);
    }
    let high = mix(Math.floor(seed / 2 ** 32) ^ 0x9e3779b9);
    let low = mix((seed >>> 0) ^ high);
    for (const label of path) {
      for (const char of `/${typeof label}:${label}`) {
        high = mix(high ^ char.codePointAt(0)!);
        low = mix((low + high) >>> 0);
      }
    }
    const rng = new Rng([high, low, mix(high ^ low), 1]);
    for (let i = 0; i < 12; i++) rng.uint32();
    return rng;
  }

  /** Continues a stream from its state. */
  static fromState(state: RngState): Rng {
    return new Rng(state);
  }

  /** The present state. */
  state(): RngState {
    return [this.#a, this.#b, this.#c, this.#counter];
  }

  /** Continues from a state. */
  restore(state: RngState): void {
    [this.#a, this.#b, this.#c, this.#counter] = state;
  }

  /** A uniform integer in 0..2³²−1. */
  uint32(): number {
    const t = (this.#a + this.#b + this.#counter) >>> 0;
    this.#counter = (this.#counter + 1) >>> 0;
    this.#a = (this.#b ^ (this.#b >>> 9)) >>> 0;
    this.#b = (this.#c + (this.#c << 3)) >>> 0;
    this.#c = (((this.#c << 21) | (this.#c >>> 11)) + t) >>> 0;
    return t;
  }

  /** A uniform number in [0, 1), with 53 random bits. */
  float(): number {
    return ((this.uint32() >>> 5) * 2 ** 26 + (this.uint32() >>> 6)) / 2 ** 53;
  }

  /** A uniform number in [low, high). */
  uniform(low: number, high: number): number {
    return low + (high - low) * this.float();
  }

  /**
   * A uniform integer in 0..n−1, without bias.
   * @throws RangeError where n is no integer in 1..2³²
   */
  int(n: number): number {
    if (!Number.isInteger(n) || n < 1 || n > 2 ** 32) {
      throw new RangeError(`Rng.int: n must be an integer in 1..2^32, got ${n}`);
    }
    const limit = 2 ** 32 - (2 ** 32 % n);
    let x = this.uint32();
    while (x >= limit) x = this.uint32();
    return x % n;
  }

  /** A standard normal number (Box–Muller; it drops the second of the pair, so that the state stays four words). */
  normal(): number {
    const u = 1 - this.float();
    return Math.sqrt(-2 * Math.log(u)) * Math.cos(2 * Math.PI * this.float());
  }

  /** An exponential number with mean 1. */
  exponential(): number {
    return -Math.log(1 - this.float());
  }

  /** Shuffles in place (Fisher–Yates) and returns the array. */
  shuffle<T extends { [i: number]: unknown; length: number }>(array: T): T {
    for (let i = array.length - 1; i > 0; i--) {
      const j = this.int(i + 1);
      [array[i], array[j]] = [array[j], array[i]];
    }
    return array;
  }
}
