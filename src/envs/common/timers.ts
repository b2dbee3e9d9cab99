/** The longest that a timer of the platform holds, in ms (24.8 days): with more it would fire at once. */
const LONGEST = 2 ** 31 - 1;

/** Something that will happen, however long it takes. */
export interface Timer {
  /** It no longer will. */
  stop(): void;
  /** Its time begins anew. */
  refresh(): void;
  /** The process need not go on for its sake. */
  unref(): this;
}

/** Does `work` after `ms` of any length; Infinity is never. @throws RangeError for a negative number or NaN */
export function after(ms: number, work: () => void): Timer {
  return new LongTimer(ms, work, false);
}

/** Does `work` every `ms`, of any length; Infinity is never. @throws RangeError for a negative number or NaN */
export function every(ms: number, work: () => void): Timer {
  return new LongTimer(ms, work, true);
}

/**
 * The promise, or what `late` makes of its not settling in time.
 * @param ms Infinity for as long as it takes
 */
export function inTime<T>(promise: Promise<T>, ms: number, late: () => Error): Promise<T> {
  if (ms === Infinity) return promise;
  return new Promise((resolve, reject) => {
    const timer = after(ms, () => reject(late()));
    promise.then(resolve, reject).finally(() => timer.stop());
  });
}

/**
 * @param durations in ms, by name; undefined ones are as good as right
 * @throws RangeError naming one that is negative or NaN
 */
export function checkDurations(durations: Record<string, number | undefined>): void {
  for (const [name, value = 0] of Object.entries(durations)) {
    if (value >= 0) continue;
    throw new RangeError(`${name}: expected a number of ms ≥ 0, or Infinity, got ${value}`);
  }
}

/** One that counts down what is left in parts that the platform's timers hold. */
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
