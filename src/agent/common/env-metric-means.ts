import { describe } from '../../envs/common/index.ts';
import { type EnvMetrics, MOST_METRICS } from '../../envs/index.ts';

/**
 * Means of an environment's own numbers (`info.metrics`). It keeps the first `MOST_METRICS` names of a run, so that an
 * environment whose names change does not fill files and charts.
 */
export class EnvMetricMeans {
  /** Of each name the sum and the count of its values since the last `take`. */
  readonly #sums = new Map<string, { sum: number; count: number }>();
  #warned = false;

  /** The names so far, in their order. */
  get names(): string[] {
    return [...this.#sums.keys()];
  }

  /** Continues with the names of a run, and no values. */
  restore(names: readonly string[]): void {
    this.#sums.clear();
    for (const name of names) this.#sums.set(name, { sum: 0, count: 0 });
  }

  /** Adds the numbers of a step. */
  add(metrics: EnvMetrics | undefined): void {
    if (metrics === undefined) return;
    for (const [name, value] of Object.entries(metrics)) {
      const known = this.#entryOf(name);
      if (known === undefined) continue;
      known.sum += value;
      known.count++;
    }
  }

  /** Those of an evaluation whose names it keeps; undefined where there are none. */
  admitted(metrics: EnvMetrics = {}): EnvMetrics | undefined {
    const kept = Object.entries(metrics).filter(([name]) => this.#entryOf(name) !== undefined);
    return kept.length > 0 ? Object.fromEntries(kept) : undefined;
  }

  /** The means since the last call, of the names that had values; undefined where none had. */
  take(): EnvMetrics | undefined {
    const found = [...this.#sums].filter(([, { count }]) => count > 0);
    const means = found.map(([name, { sum, count }]) => [name, sum / count] as const);
    for (const [, entry] of found) Object.assign(entry, { sum: 0, count: 0 });
    return means.length > 0 ? Object.fromEntries(means) : undefined;
  }

  #entryOf(name: string): { sum: number; count: number } | undefined {
    const known = this.#sums.get(name);
    if (known !== undefined) return known;
    if (this.#sums.size < MOST_METRICS) {
      const entry = { sum: 0, count: 0 };
      this.#sums.set(name, entry);
      return entry;
    }
    if (!this.#warned) {
      this.#warned = true;
      const most = `there are ${MOST_METRICS} names already`;
      process.emitWarning(`info.metrics: ${most}, so ${describe(name)} and others are left out`);
    }
    return undefined;
  }
}
