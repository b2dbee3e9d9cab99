/** Work that is done in order, and what is done with what of it is ready. */
interface Turn {
  jobs: readonly (() => void)[];
  /** How many of them are done. */
  done: number;
  flush: () => void;
}

/** How long work may keep everything else of this thread waiting, and its own results, in ms. */
const SLICE_MS = 100;

const waiting: Turn[] = [];

/**
 * Does jobs one after another, at once or after those of this thread that were asked for before. Where they take
 * longer than a moment, what else there is to do in this thread is done between them.
 * @param flush called after the last job, and before everything else gets its turn
 */
export function inTurn(jobs: readonly (() => void)[], flush: () => void): void {
  waiting.push({ jobs, done: 0, flush });
  if (waiting.length === 1) work();
}

function work(): void {
  const until = performance.now() + SLICE_MS;
  try {
    while (waiting.length > 0) {
      const turn = waiting[0];
      if (turn.done < turn.jobs.length) turn.jobs[turn.done++]();
      const over = performance.now() >= until;
      const finished = turn.done === turn.jobs.length;
      if (finished) waiting.shift();
      if (finished || over) turn.flush();
      if (over) break;
    }
  } finally {
    // Also where somebody threw: that is no fault of those who wait.
    if (waiting.length > 0) setImmediate(work);
  }
}
