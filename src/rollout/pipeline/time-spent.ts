/** The categories of `TimeSpent`. */
export const TIME_CATEGORIES = [
  'environment',
  'inference',
  'learning',
  'evaluation',
  'checkpoint',
  'other',
] as const;

/** A category of `TimeSpent`. */
export type TimeCategory = (typeof TIME_CATEGORIES)[number];

/** Seconds in each category; docs/learning.md says what belongs to which. */
export interface TimeSeconds extends Record<TimeCategory, number> {
  /** Seconds of inference by ponder step: entry k is ponder step k + 1. */
  inferenceByDepth: number[];
}

/** The categories that callers add time to; the rest is `other`. */
type Counted = Exclude<TimeCategory, 'other'>;

const nothing = (): Record<Counted, number> => ({
  environment: 0,
  inference: 0,
  learning: 0,
  evaluation: 0,
  checkpoint: 0,
});

/** Adds up the time of each category. Callers add no moment twice, so that the categories add up to the whole. */
export class TimeSpent {
  readonly #clock: () => number;
  #ms = nothing();
  #msByDepth: number[] = [];
  #takenAt: number;
  /** Since when there is nothing to think. */
  #waitingSince: number | undefined;

  /**
   * Starts at zero.
   * @param clock milliseconds that never go back; default: `performance.now`
   */
  constructor(clock: () => number = () => performance.now()) {
    this.#clock = clock;
    this.#takenAt = clock();
  }

  /** The time of its clock, in ms. */
  now(): number {
    return this.#clock();
  }

  /** Adds time to a category. */
  add(phase: Counted, ms: number): void {
    this.#ms[phase] += ms;
  }

  /** Runs `work` and adds its time to a category. */
  async during<T>(phase: Counted, work: () => Promise<T>): Promise<T> {
    const began = this.now();
    try {
      return await work();
    } finally {
      this.add(phase, this.now() - began);
    }
  }

  /**
   * A tick has taken so long.
   * @param depths which ponder step each thought took in it [thoughts]; they share it evenly
   */
  addTick(ms: number, depths: readonly number[]): void {
    this.add('inference', ms);
    for (const n of depths) {
      this.#msByDepth[n - 1] = (this.#msByDepth[n - 1] ?? 0) + ms / depths.length;
    }
  }

  /** Environments are waited for from now on, until `stopWaiting`. */
  wait(): void {
    this.#waitingSince ??= this.now();
  }

  stopWaiting(): void {
    if (this.#waitingSince === undefined) return;
    this.add('environment', this.now() - this.#waitingSince);
    this.#waitingSince = undefined;
  }

  /** The time of each category since the last call. */
  take(): TimeSeconds {
    const now = this.now();
    if (this.#waitingSince !== undefined) {
      this.add('environment', now - this.#waitingSince);
      this.#waitingSince = now;
    }
    const counted = Object.values(this.#ms).reduce((a, b) => a + b);
    const all = { ...this.#ms, other: now - this.#takenAt - counted };
    const seconds = Object.fromEntries(TIME_CATEGORIES.map((phase) => [phase, all[phase] / 1000]));
    const inferenceByDepth = this.#msByDepth.map((ms) => ms / 1000);
    this.#takenAt = now;
    this.#ms = nothing();
    this.#msByDepth.fill(0);
    return { ...(seconds as Record<TimeCategory, number>), inferenceByDepth };
  }
}
