import { z } from 'zod';

/** As plain JSON, exact. */
export interface RunningStatsState {
  count: number;
  mean: number[];
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
 * Mean and variance of each entry over all rows seen so far, by batches in parallel form (Chan,
 * Golub, LeVeque 1979; Gymnasium's RunningMeanStd, whose count starts at 1e-4 with mean 0 and
 * variance 1).
 */
export class RunningStats {
  count = 1e-4;
  readonly mean: Float64Array; // [size]
  readonly variance: Float64Array; // [size]

  constructor(readonly size: number) {
    this.mean = new Float64Array(size);
    this.variance = new Float64Array(size).fill(1);
  }

  /**
   * Takes in `count` rows.
   * @param rows [count, size], flat
   * @throws RangeError where there are not that many entries, or one is not finite
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
    const total = this.count + count;
    for (let i = 0; i < size; i++) {
      let sum = 0;
      for (let j = i; j < rows.length; j += size) sum += rows[j];
      const mean = sum / count;
      let squares = 0;
      for (let j = i; j < rows.length; j += size) squares += (rows[j] - mean) ** 2;
      const delta = mean - this.mean[i];
      const between = (delta ** 2 * this.count * count) / total;
      this.variance[i] = (this.variance[i] * this.count + squares + between) / total;
      this.mean[i] += (delta * count) / total;
    }
    this.count = total;
  }

  /** `(x − mean) / √(variance + 1e-8)` of one row of `size`, in place, clipped to ±clip. */
  normalize(row: Float32Array, offset = 0, clip = 10): void {
    for (let i = 0; i < this.size; i++) {
      const x = (row[offset + i] - this.mean[i]) * this.scale(i);
      row[offset + i] = Math.min(Math.max(x, -clip), clip);
    }
  }

  /** `1 / √(variance + 1e-8)` of entry i. */
  scale(i: number): number {
    return 1 / Math.sqrt(this.variance[i] + EPSILON);
  }

  state(): RunningStatsState {
    return {
      count: this.count,
      mean: Array.from(this.mean),
      variance: Array.from(this.variance),
    };
  }

  /** Goes on from `state`. @throws TypeError unless it is one of this size */
  restore(state: unknown): void {
    const { count, mean, variance } = parse(state);
    if (mean.length !== this.size) {
      throw new TypeError(`RunningStats.restore: expected size ${this.size}, got ${mean.length}`);
    }
    this.count = count;
    this.mean.set(mean);
    this.variance.set(variance);
  }

  /** @throws TypeError unless `state` is what `state()` returns */
  static fromState(state: unknown): RunningStats {
    const stats = new RunningStats(parse(state).mean.length);
    stats.restore(state);
    return stats;
  }
}

function parse(state: unknown): RunningStatsState {
  const parsed = stateSchema.safeParse(state);
  if (parsed.success) return parsed.data;
  throw new TypeError(`RunningStats: not its state\n${z.prettifyError(parsed.error)}`);
}
