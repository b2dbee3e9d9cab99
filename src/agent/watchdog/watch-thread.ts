import inspector from 'node:inspector';
import { startThread } from '../../kernels/index.ts';
import type { Heartbeat } from './heartbeat.ts';
import { checksIn } from './slots.ts';
import type { Watched } from './watchdog-thread.ts';

/**
 * Watches this thread from another one. Where this thread does not beat for `seconds`, the other one writes an incident
 * into the run's `incidents/`, its events and stderr, and kills the process (SIGKILL); a supervisor can resume the run
 * from its last checkpoint. A blocked thread runs none of its own code, so only a kill can end it.
 *
 * @param seconds 0 for no watch; under a debugger, which may stop the thread, there is none either
 * @returns a function that ends the watch
 */
export function watchThread(dir: string, heartbeat: Heartbeat, seconds: number): () => void {
  if (seconds === 0 || inspector.url() !== undefined) return () => {};
  const { shared } = heartbeat;
  const workerData: Watched = { dir, shared, seconds };
  const thread = startThread(import.meta.url, 'watchdog-thread', { workerData });
  // The run continues without a watch.
  thread.on('error', ({ message }) =>
    process.emitWarning(`the watchdog failed, and the run continues without it: ${message}`),
  );
  thread.unref();
  const timer = setInterval(() => heartbeat.beat(), checksIn(seconds).everyMs);
  timer.unref();
  return () => {
    clearInterval(timer);
    void thread.terminate();
  };
}
