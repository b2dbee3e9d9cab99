import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { RunLockedError, takeLock } from '../run/index.ts';

/** Between looks whether another process has ended, in ms. */
const LOOK_MS = 500;

/**
 * Waits until no process trains in a run directory: one of a daemon that was killed still saves.
 * @param onWait told which, in words, once, where there is one or there may be
 * @throws AbortError where `signal` aborts first
 */
export async function awaitUnlocked(
  runDir: string,
  onWait: (holder: string) => void,
  signal: AbortSignal,
): Promise<void> {
  let told = false;
  const tell = (holder: string) => {
    if (!told) onWait(holder);
    told = true;
  };
  while (existsSync(runDir)) {
    try {
      const options = { signal, brief: true, onWait: tell };
      const lock = await takeLock(join(runDir, 'run.lock'), options);
      return await lock.release();
    } catch (error) {
      if (!(error instanceof RunLockedError)) throw error;
      tell(error.holder);
    }
    await pause(LOOK_MS, undefined, { signal });
  }
}
