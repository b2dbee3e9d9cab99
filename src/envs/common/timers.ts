/** The longest time of a platform timer, in ms (24.8 days); with a longer one it fires at once. */
const LONGEST = 2 ** 31 - 1;

/** A timer of any length. */
export interface Timer {
  /** Cancels it. */
  stop(): void;
  /** Starts its time again. */
  refresh(): void;
  /** Lets the process end while it waits. */
  unref(): this;
}

/** Calls `work` after `ms`, of any length; Infinity means never. @throws RangeError for a negative number or NaN */
export function after(ms: number, work: () => void): Timer {
  return new LongTimer(ms, work, false);
}

/** Calls `work` every `ms`, of any length; Infinity means never. @throws RangeError for a negative number or NaN */
export function every(ms: number, work: () => void): Timer {
  return new LongTimer(ms, work, true);
}

/**
 * The result of `promise`, or a rejection with the error of `late` where it does not settle in time.
 * @param ms the longest wait; Infinity for no limit
 */
export function inTime<T>(promise: Promise<T>, ms: number, late: () => Error): Promise<T> {
  if (ms === Infinity) return promise;
  return new Promise((resolve, reject) => {
    const timer = after(ms, () => reject(late()));
    promise.then(resolve, reject).finally(() => timer.stop());
  });
}

/**
 * @param durations in ms, by name; undefined ones pass
 * @throws RangeError naming one that is negative or NaN
 */
export function checkDurations(durations: Record<string, number | undefined>): void {
  for (const [name, value = 0] of Object.entries(durations)) {
    if (value >= 0) continue;
    throw new RangeError(`${name}: expected a number of ms ≥ 0, or Infinity, got ${value}`);
  }
}

/** A timer that waits for a long time in parts of at most `LONGEST`. */
class LongTimer implements Timer {
  readonly #ms: number;
  readonly #work: () => void;
  readonly #repeats: boolean;
  #timer: NodeJS.Timeout | undefined;
  #left = 0;
  #held = true;
  #stopped = false;

  constructor(ms: number, work: () => void, repeats: boolean) {
    checkDurations({ ms });
    this.#ms = ms;
    this.#work = work;
    this.#repeats = repeats;
    this.#begin();
  }

  stop(): void {
    this.#stopped = true;
    clearTimeout(this.#timer);
  }

  refresh(): void {
    if (this.#stopped) return;
    if (this.#ms <= LONGEST) this.#timer?.refresh();
    else this.#begin();
  }

  unref(): this {
    this.#held = false;
    this.#timer?.unref();
    return this;
  }

  #begin(): void {
    this.#left = this.#ms;
    clearTimeout(this.#timer);
    if (this.#ms > LONGEST) this.#wait();
    else this.#timer = (this.#repeats ? setInterval : setTimeout)(this.#work, this.#ms);
  }

  #wait(): void {
    if (this.#left === Infinity) return;
    const part = Math.min(this.#left, LONGEST);
    this.#left -= part;
    this.#timer = setTimeout(() => (this.#left > 0 ? this.#wait() : this.#fire()), part);
    if (!this.#held) this.#timer.unref();
  }

  #fire(): void {
    if (this.#repeats) this.#begin();
    this.#work();
  }
}
