import inspector from 'node:inspector';
import { startThread } from '../../envs/common/index.ts';
import type { Heartbeat } from './heartbeat.ts';
import { looksIn } from './slots.ts';
import type { Watched } from './watchdog-thread.ts';

/**
 * Watches this thread from another one: where it stands still for `seconds`, that is written into the run's
 * `incidents/` and events, said on stderr, and the process is ended (SIGKILL), for a supervisor to resume it from
 * its last checkpoint. What blocks a thread lets none of its own code run, so that nothing gentler is left.
 *
 * @param seconds 0 for no watch; nor is there one under a debugger, which may stop it
 * @returns what ends the watch
 */
export function watchThread(dir: string, heartbeat: Heartbeat, seconds: number): () => void {
  if (seconds === 0 || inspector.url() !== undefined) return () => {};
  const { shared } = heartbeat;
  const workerData: Watched = { dir, shared, seconds };
  const thread = startThread(import.meta.url, 'watchdog-thread', { workerData });
  // A run goes on without its watch.
  thread.on('error', ({ message }) =>
    process.emitWarning(`the watchdog failed, and the run continues without it: ${message}`),
  );
  thread.unref();
  const timer = setInterval(() => heartbeat.beat(), looksIn(seconds).everyMs);
  timer.unref();
  return () => {
    clearInterval(timer);
    void thread.terminate();
  };
}
