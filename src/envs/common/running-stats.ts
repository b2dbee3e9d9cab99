import { z } from 'zod';

/** The state of `RunningStats` as plain JSON, exact. */
export interface RunningStatsState {
  /** Number of rows, plus 0.0001. */
  count: number;
  /** Mean of each entry [size]. */
  mean: number[];
  /** Variance of each entry [size]. */
  variance: number[];
}

const stateSchema: z.ZodType<RunningStatsState> = z
  .strictObject({
    count: z.number().positive(),
    mean: z.array(z.number()),
    variance: z.array(z.number().nonnegative()),
  })
  .refine(({ mean, variance }) => mean.length === variance.length, {
    error: 'expected as many variances as means',
  });

const EPSILON = 1e-8;

/**
 * Mean and variance of each entry over all rows so far, updated batch by batch (Chan, Golub and LeVeque 1979). It is
 * Gymnasium's RunningMeanStd, whose count starts at 0.0001 with mean 0 and variance 1.
 */
export class RunningStats {
  /** Number of rows, plus 0.0001. */
  count = 1e-4;
  /** Mean of each entry [size]. */
  readonly mean: Float64Array;
  /** Variance of each entry [size]. */
  readonly variance: Float64Array;

  /**
   * Starts without rows.
   * @param size numbers in a row
   */
  constructor(readonly size: number) {
    this.mean = new Float64Array(size);
    this.variance = new Float64Array(size).fill(1);
  }

  /**
   * Adds rows.
   * @param rows [count, size], flat
   * @throws RangeError for another number of entries, or one that is not finite
   */
  update(rows: ArrayLike<number>, count: number): void {
    const { size } = this;
    if (rows.length !== count * size) {
      throw new RangeError(
        `RunningStats.update: expected ${count} rows of ${size}, got ${rows.length} entries`,
      );
    }
    for (let i = 0; i < rows.length; i++) {
      if (!Number.isFinite(rows[i])) {
        throw new RangeError(
          `RunningStats.update: expected finite numbers, got ${rows[i]} at entry ${i % size}`,
        );
      }
    }
    if (count === 0) return;
    for (let i = 0; i < size; i++) {
      let sum = 0;
      for (let j = i; j < rows.length; j += size) sum += rows[j];
      const mean = sum / count;
      let squares = 0;
      for (let j = i; j < rows.length; j += size) squares += (rows[j] - mean) ** 2;
      this.#join(i, count, mean, squares);
    }
    this.count += count;
  }

  /**
   * Adds numbers of which only their count, mean and Σ (x − mean)² are known.
   * @throws RangeError unless the statistics are of one entry, and the numbers are finite
   */
  add(count: number, mean: number, squares: number): void {
    if (this.size !== 1 || !Number.isFinite(mean) || !Number.isFinite(squares)) {
      throw new RangeError(
        `RunningStats.add: expected one entry and finite numbers, got ${this.size} entries, mean ${mean}, squares ${squares}`,
      );
    }
    this.#join(0, count, mean, squares);
    this.count += count;
  }

  #join(i: number, count: number, mean: number, squares: number): void {
    const total = this.count + count;
    const delta = mean - this.mean[i];
    const between = (delta ** 2 * this.count * count) / total;
    this.variance[i] = (this.variance[i] * this.count + squares + between) / total;
    this.mean[i] += (delta * count) / total;
  }

  /** Replaces each x of a row [size] by `(x − mean) / √(variance + 1e-8)`, clipped to ±clip. */
  normalize(row: Float32Array, offset = 0, clip = 10): void {
    for (let i = 0; i < this.size; i++) {
      const x = (row[offset + i] - this.mean[i]) * this.scale(i);
      row[offset + i] = Math.min(Math.max(x, -clip), clip);
    }
  }

  /** The factor `1 / √(variance + 1e-8)` of entry i. */
  scale(i: number): number {
    return 1 / Math.sqrt(this.variance[i] + EPSILON);
  }

  /** The state as plain JSON. */
  state(): RunningStatsState {
    return {
      count: this.count,
      mean: Array.from(this.mean),
      variance: Array.from(this.variance),
    };
  }

  /**
   * Continues from a state.
   * @throws TypeError for a value that is no state of this size
   */
  restore(state: unknown): void {
    const { count, mean, variance } = parse(state);
    if (mean.length !== this.size) {
      throw new TypeError(`RunningStats.restore: expected size ${this.size}, got ${mean.length}`);
    }
    this.count = count;
    this.mean.set(mean);
    this.variance.set(variance);
  }

  /**
   * Makes statistics from a state.
   * @throws TypeError for a value that is no result of `state`
   */
  static fromState(state: unknown): RunningStats {
    const stats = new RunningStats(parse(state).mean.length);
    stats.restore(state);
    return stats;
  }
}

function parse(state: unknown): RunningStatsState {
  const parsed = stateSchema.safeParse(state);
  if (parsed.success) return parsed.data;
  throw new TypeError(
    `RunningStats: expected a state that RunningStats saved\n${z.prettifyError(parsed.error)}`,
  );
}
