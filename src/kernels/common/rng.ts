/** The state of a stream, as plain data: four unsigned 32-bit words. */
export type RngState = readonly [number, number, number, number];

/** SplitMix32 finaliser: spreads nearby seeds far apart. */
function mix(h: number): number {
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
  return (h ^ (h >>> 16)) >>> 0;
}

/**
 * A seeded stream of random numbers: sfc32 (Chris Doty-Humphrey, PractRand), 128 bits of state.
 * The same seed gives the same numbers on every machine.
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
   * @param seed a non-negative integer below 2^53
   * @param path labels that name an independent stream under the seed, e.g. `('env', 3)`
   * @throws RangeError where the seed is no such integer
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

  static fromState(state: RngState): Rng {
    return new Rng(state);
  }

  /** The state now; `Rng.fromState` of it continues the stream exactly. */
  state(): RngState {
    return [this.#a, this.#b, this.#c, this.#counter];
  }

  /** Continues from `state`. */
  restore(state: RngState): void {
    [this.#a, this.#b, this.#c, this.#counter] = state;
  }

  /** Uniform in 0..2^32-1. */
  uint32(): number {
    const t = (this.#a + this.#b + this.#counter) >>> 0;
    this.#counter = (this.#counter + 1) >>> 0;
    this.#a = (this.#b ^ (this.#b >>> 9)) >>> 0;
    this.#b = (this.#c + (this.#c << 3)) >>> 0;
    this.#c = (((this.#c << 21) | (this.#c >>> 11)) + t) >>> 0;
    return t;
  }

  /** Uniform in [0, 1) with 53 random bits. */
  float(): number {
    return ((this.uint32() >>> 5) * 2 ** 26 + (this.uint32() >>> 6)) / 2 ** 53;
  }

  /** Uniform in [low, high). */
  uniform(low: number, high: number): number {
    return low + (high - low) * this.float();
  }

  /** Uniform integer in 0..n-1, unbiased. @throws RangeError unless 1 ≤ n ≤ 2^32 */
  int(n: number): number {
    if (!Number.isInteger(n) || n < 1 || n > 2 ** 32) {
      throw new RangeError(`Rng.int: n must be an integer in 1..2^32, got ${n}`);
    }
    const limit = 2 ** 32 - (2 ** 32 % n);
    let x = this.uint32();
    while (x >= limit) x = this.uint32();
    return x % n;
  }

  /** Standard normal (Box–Muller, one of the pair, so that the state stays four words). */
  normal(): number {
    const u = 1 - this.float();
    return Math.sqrt(-2 * Math.log(u)) * Math.cos(2 * Math.PI * this.float());
  }

  /** Exponential with mean 1. */
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
