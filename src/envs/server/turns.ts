/** Jobs in order, and the function that sends the results so far. */
interface Turn {
  jobs: readonly (() => void)[];
  /** Number of jobs done. */
  done: number;
  flush: () => void;
}

/** The longest time that jobs may delay other work of the thread, and their own results, in ms. */
const SLICE_MS = 100;

const waiting: Turn[] = [];

/**
 * Runs jobs one after another, after the earlier jobs of this thread. If they take longer than a moment, other work of
 * the thread gets a turn between them.
 * @param flush called after the last job, and before other work gets a turn
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
    // Even after a job that threw, since others wait.
    if (waiting.length > 0) setImmediate(work);
  }
}
