/** Failures in a row, without a checkpoint between them, at which the daemon gives a run up. */
const MOST = 10;
/** The wait after the first failure in ms; it doubles with each further one. */
const FIRST_MS = 1000;
/** A planned restart after fewer updates counts as a failure. */
const FEW_UPDATES = 5;

/** The end of a process that did not finish its run. */
export interface Ended {
  /** Whether the process asked for a restart. */
  planned: boolean;
  /** Updates that it did. */
  updates: number;
  /** Whether it saved a checkpoint. */
  saved: boolean;
}

/** Counts the failures of one run and decides when it starts again. */
export class Restarts {
  /** Failures in a row. */
  failures = 0;

  /** @returns milliseconds until the next start; undefined to give the run up */
  after({ planned, updates, saved }: Ended): number | undefined {
    if (planned ? updates >= FEW_UPDATES : saved) this.failures = 0;
    if (planned && updates >= FEW_UPDATES) return 0;
    this.failures++;
    return this.failures < MOST ? FIRST_MS * 2 ** (this.failures - 1) : undefined;
  }
}
