export const PHASES = [
  'environment',
  'inference',
  'learning',
  'evaluation',
  'checkpoint',
  'other',
] as const;

export type Phase = (typeof PHASES)[number];

/** Seconds of each phase; docs/learning.md says what belongs to which. */
export interface PhaseSeconds extends Record<Phase, number> {
  /** Of inference, entry k is ponder step k + 1. */
  inferenceByDepth: number[];
}

/** A stretch of time that counts for a phase. */
export interface Span {
  readonly phase: Phase;
  /** What it has been counted for so far, in ms. */
  ms: number;
}

const nothing = () =>
  Object.fromEntries(PHASES.map((phase) => [phase, 0])) as Record<Phase, number>;

/**
 * What time goes to. Spans may nest and overlap; each moment counts for one of them, so that phases
 * add up: for the one begun last, and for one that waits only where no other runs.
 */
export class Phases {
  readonly #now: () => number;
  readonly #changed: (phase: Phase | undefined) => void;
  /** The last is the one that time counts for. */
  readonly #running: Span[] = [];
  #countedTo = 0;
  #ms = nothing();
  #msByDepth: number[] = [];

  /**
   * @param now a clock that never goes back, in ms
   * @param changed told which phase time counts for from now on
   */
  constructor(
    now: () => number = () => performance.now(),
    changed: (phase: Phase | undefined) => void = () => {},
  ) {
    this.#now = now;
    this.#changed = changed;
  }

  /** Something is done from now on. */
  begin(phase: Phase): Span {
    this.#count();
    const span = { phase, ms: 0 };
    this.#running.push(span);
    this.#changed(phase);
    return span;
  }

  /** What `work` does counts as `phase`. */
  async during<T>(phase: Phase, work: () => Promise<T>): Promise<T> {
    const span = this.begin(phase);
    try {
      return await work();
    } finally {
      this.end(span);
    }
  }

  /** Something is waited for from now on. */
  wait(phase: Phase): Span {
    this.#count();
    const span = { phase, ms: 0 };
    this.#running.unshift(span);
    this.#changed(this.#running.at(-1)!.phase);
    return span;
  }

  /**
   * Ends a span that runs.
   * @param steps which ponder step each thought took in it [thoughts]; they share it evenly
   */
  end(span: Span, steps: readonly number[] = []): void {
    this.#count();
    this.#running.splice(this.#running.indexOf(span), 1);
    this.#changed(this.#running.at(-1)?.phase);
    for (const n of steps) {
      this.#msByDepth[n - 1] = (this.#msByDepth[n - 1] ?? 0) + span.ms / steps.length;
    }
  }

  /** What has been counted since the last call. */
  take(): PhaseSeconds {
    this.#count();
    const seconds = nothing();
    for (const phase of PHASES) seconds[phase] = this.#ms[phase] / 1000;
    const inferenceByDepth = this.#msByDepth.map((ms) => ms / 1000);
    this.#ms = nothing();
    this.#msByDepth.fill(0);
    return { ...seconds, inferenceByDepth };
  }

  #count(): void {
    const now = this.#now();
    const span = this.#running.at(-1);
    if (span !== undefined) {
      span.ms += now - this.#countedTo;
      this.#ms[span.phase] += now - this.#countedTo;
    }
    this.#countedTo = now;
  }
}
