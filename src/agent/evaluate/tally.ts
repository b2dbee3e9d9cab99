/** The most difficulties with a row each; beyond that, a row is a bin of several. */
export const MOST_LEVELS = 256;

/** Decisions of one difficulty, or of a bin of them. */
export interface Level {
  /** The difficulty, or the start of the bin. */
  difficulty: number;
  /** Index i = decisions of i + 1 ponder steps. */
  histogram: readonly number[];
}

/** Counts decisions by difficulty and ponder steps, in memory that does not grow with them. */
export class Tally {
  /** Index i = decisions of i + 1 ponder steps. */
  readonly histogram: number[];
  readonly #levels = new Map<number, number[]>();
  #width = 0;

  constructor(maxSteps: number) {
    this.histogram = new Array(maxSteps).fill(0);
  }

  /** @param difficulty undefined where the environment does not say */
  add(difficulty: number | undefined, steps: number): void {
    this.histogram[steps - 1]++;
    if (difficulty === undefined) return;
    const key = this.levelOf(difficulty);
    let level = this.#levels.get(key);
    if (level === undefined) {
      level = new Array<number>(this.histogram.length).fill(0);
      this.#levels.set(key, level);
    }
    level[steps - 1]++;
    while (this.#levels.size > MOST_LEVELS) this.#widen();
  }

  /** The width of a bin; undefined where each difficulty has a row. */
  get binWidth(): number | undefined {
    return this.#width === 0 ? undefined : this.#width;
  }

  /** The rows, by rising difficulty. */
  levels(): Level[] {
    return [...this.#levels]
      .map(([difficulty, histogram]) => ({ difficulty, histogram }))
      .sort((a, b) => a.difficulty - b.difficulty);
  }

  /** The row of a difficulty. */
  levelOf(difficulty: number): number {
    if (this.#width === 0) return difficulty;
    const begin = Math.floor(difficulty / this.#width) * this.#width;
    return Number.isFinite(begin) ? begin : difficulty;
  }

  /** Doubles the width of bins; widths are powers of two, so each bin lies in one of the next width. */
  #widen(): void {
    const known = [...this.#levels];
    const begins = known.map(([begin]) => begin);
    const apart = (Math.max(...begins) - Math.min(...begins)) / (MOST_LEVELS / 2);
    const first = 2 ** Math.ceil(Math.log2(Math.min(apart, Number.MAX_VALUE)));
    this.#width = this.#width === 0 ? Math.max(first, Number.MIN_VALUE) : 2 * this.#width;
    this.#levels.clear();
    for (const [begin, histogram] of known) {
      const key = this.levelOf(begin);
      const level = this.#levels.get(key);
      if (level === undefined) this.#levels.set(key, histogram);
      else for (const [i, count] of histogram.entries()) level[i] += count;
    }
  }
}
