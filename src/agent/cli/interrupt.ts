import { EXIT } from '../common/exit-code.ts';
import { end, noteHangUp } from './ending.ts';

/** One press of Ctrl-C can arrive more than once: from the terminal, and relayed by npm or tsx. */
const samePress = 300;

/** How long a process may go on without the parent that told it what to do. */
const orphanMs = 120_000;

/** Ctrl-C, or a polite request to end. */
const signals = ['SIGINT', 'SIGTERM'] as const;

/** What a signal of `interruptible` aborts with. The command then ends without a word, with exit code 130. */
export class InterruptedError extends Error {
  override readonly name = 'AbortError';

  constructor() {
    super('interrupted');
  }
}

export interface InterruptOptions {
  /** Told before the process ends at the second. */
  onSecond?: () => void;
  /** What SIGHUP does, where it is no interrupt. */
  onHangUp?: () => void;
}

/**
 * Turns the first Ctrl-C (or SIGTERM) into an aborted signal, so that work can be saved, and ends
 * the process with exit code 130 at the second. A terminal that closes (SIGHUP), output that nobody reads any more
 * and a parent that had a channel to this process and is gone abort it too.
 *
 * @param onFirst told as the first one comes, to say what is happening
 * @returns the signal; `abort`, which aborts it for another reason; and `release`, after which Ctrl-C ends the
 *   process as usual
 */
export function interruptible(
  onFirst: () => void,
  { onSecond = () => {}, onHangUp }: InterruptOptions = {},
): { signal: AbortSignal; abort: (reason: Error) => void; release: () => void } {
  const controller = new AbortController();
  let first: number | undefined;
  const interrupt = (): void => {
    if (first === undefined) {
      first = performance.now();
      controller.abort(new InterruptedError());
      onFirst();
    } else if (performance.now() - first > samePress) {
      onSecond();
      end(EXIT.interrupted);
    }
  };
  // It comes from the shell and from the system: a second one is no second wish.
  const hungUp =
    onHangUp ??
    (() => {
      noteHangUp();
      controller.abort(new InterruptedError());
    });
  // A reader of our output that is gone will never see more of it: save and stop.
  const unread = (error: NodeJS.ErrnoException): void => {
    if (isUnread(error)) controller.abort(new InterruptedError());
  };
  let late: NodeJS.Timeout | undefined;
  const orphaned = (): void => {
    controller.abort(new InterruptedError());
    // Whoever comes after waits for this process to end.
    late = setTimeout(() => end(EXIT.interrupted), orphanMs).unref();
  };
  for (const name of signals) process.on(name, interrupt);
  process.on('SIGHUP', hungUp);
  for (const stream of [process.stdout, process.stderr]) stream.on('error', unread);
  process.on('disconnect', orphaned);
  if (process.connected === false) orphaned();
  return {
    signal: controller.signal,
    abort: (reason) => controller.abort(reason),
    release: () => {
      for (const name of signals) process.off(name, interrupt);
      process.off('SIGHUP', hungUp);
      for (const stream of [process.stdout, process.stderr]) stream.off('error', unread);
      process.off('disconnect', orphaned);
      clearTimeout(late);
    },
  };
}

/** Whether nobody reads what was written: the reader has gone (EPIPE), or the terminal (EIO). */
export function isUnread(error: unknown): boolean {
  return ['EPIPE', 'EIO'].includes((error as NodeJS.ErrnoException).code ?? '');
}
