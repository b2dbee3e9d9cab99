import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { Locked, takeLock } from '../run/index.ts';

/** Between looks whether another process has ended, in ms. */
const LOOK_MS = 500;

/**
 * Waits until no process trains in a run directory: one of a daemon that was killed still saves.
 * @param onWait told of its number, once, where there is one
 * @throws AbortError where `signal` aborts first
 */
export async function awaitUnlocked(
  runDir: string,
  onWait: (pid: number) => void,
  signal: AbortSignal,
): Promise<void> {
  for (let first = true; existsSync(runDir); first = false) {
    try {
      const release = await takeLock(join(runDir, 'run.lock'));
      return await release();
    } catch (error) {
      if (!(error instanceof Locked)) throw error;
      if (first) onWait(error.pid);
    }
    await pause(LOOK_MS, undefined, { signal });
  }
}
