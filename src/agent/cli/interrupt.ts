import { EXIT } from '../exit-code.ts';

/** One press of Ctrl-C can arrive more than once: from the terminal, and relayed by npm or tsx. */
const samePress = 300;

/** How long a process may go on without the parent that told it what to do. */
const orphanMs = 120_000;

/** Ctrl-C, or a polite request to end. */
const signals = ['SIGINT', 'SIGTERM'] as const;

/**
 * Turns the first Ctrl-C (or SIGTERM) into an aborted signal, so that work can be saved, and ends
 * the process with exit code 130 at the second. A parent that had a channel to this process and is gone aborts it too.
 *
 * @param onFirst told as the first one comes, to say what is happening
 * @param onSecond told before the process ends at the second
 * @returns the signal, and `release`, after which Ctrl-C ends the process as usual
 */
export function interruptible(
  onFirst: () => void,
  onSecond: () => void = () => {},
): { signal: AbortSignal; release: () => void } {
  const controller = new AbortController();
  let first: number | undefined;
  const interrupt = (): void => {
    if (first === undefined) {
      first = performance.now();
      controller.abort();
      onFirst();
    } else if (performance.now() - first > samePress) {
      onSecond();
      process.exit(EXIT.interrupted);
    }
  };
  // A reader of our output that is gone will never see more of it: save and stop.
  const unread = (error: NodeJS.ErrnoException): void => {
    if (error.code === 'EPIPE') controller.abort();
  };
  let late: NodeJS.Timeout | undefined;
  const orphaned = (): void => {
    controller.abort();
    // Whoever comes after waits for this process to end.
    late = setTimeout(() => process.exit(EXIT.interrupted), orphanMs).unref();
  };
  for (const name of signals) process.on(name, interrupt);
  process.stdout.on('error', unread);
  process.on('disconnect', orphaned);
  if (process.connected === false) orphaned();
  return {
    signal: controller.signal,
    release: () => {
      for (const name of signals) process.off(name, interrupt);
      process.stdout.off('error', unread);
      process.off('disconnect', orphaned);
      clearTimeout(late);
    },
  };
}
