import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { RunLockedError, takeLock } from '../run/index.ts';

/** Milliseconds between two looks whether the other process has ended. */
const LOOK_MS = 500;

/**
 * Waits until no process trains in a run directory: the processes of a killed daemon still save.
 * @param onWait called once with a description of the process, where one holds the lock or may hold it
 * @throws AbortError where `signal` aborts first
 */
export async function awaitUnlocked(
  runDir: string,
  onWait: (holder: string) => void,
  signal: AbortSignal,
): Promise<void> {
  let reported = false;
  const report = (holder: string) => {
    if (!reported) onWait(holder);
    reported = true;
  };
  while (existsSync(runDir)) {
    try {
      const options = { signal, brief: true, onWait: report };
      const lock = await takeLock(join(runDir, 'run.lock'), options);
      return await lock.release();
    } catch (error) {
      if (!(error instanceof RunLockedError)) throw error;
      report(error.holder);
    }
    await pause(LOOK_MS, undefined, { signal });
  }
}
