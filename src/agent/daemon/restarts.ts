/** Failures in a row, without a checkpoint between them, at which a run is given up. */
const MOST = 10;
/** The wait after the first of them, in ms; it doubles with each. */
const FIRST_MS = 1000;
/** Updates between two planned restarts, below which they count as failures. */
const FEW_UPDATES = 5;

/** How a process ended that did not finish its run. */
export interface Ended {
  /** It asked to be started again. */
  planned: boolean;
  /** Updates it had done. */
  updates: number;
  /** Whether it had saved any of them. */
  saved: boolean;
}

/** Counts the failures of one run, and decides how it goes on. */
export class Restarts {
  /** In a row. */
  failures = 0;

  /** @returns after how many ms it is started again; undefined where it is given up */
  after({ planned, updates, saved }: Ended): number | undefined {
    if (planned ? updates >= FEW_UPDATES : saved) this.failures = 0;
    if (planned && updates >= FEW_UPDATES) return 0;
    this.failures++;
    return this.failures < MOST ? FIRST_MS * 2 ** (this.failures - 1) : undefined;
  }
}
