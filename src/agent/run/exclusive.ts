import { UsageError } from '../common/errors.ts';
import { type HeldLock, type LockOptions, RunLockedError, takeLock } from './index.ts';

/**
 * Takes a lock file for this process.
 * @param refusal makes the error's message from the holder's description
 * @throws UsageError where another process holds the lock, AbortError where `signal` aborts the wait
 */
export async function exclusive(
  path: string,
  refusal: (holder: string) => string,
  { onWait, signal }: Pick<LockOptions, 'onWait' | 'signal'> = {},
): Promise<HeldLock> {
  try {
    return await takeLock(path, { onWait, signal });
  } catch (error) {
    if (!(error instanceof RunLockedError)) throw error;
    throw new UsageError(refusal(error.holder));
  }
}

/** The message while `takeLock` waits to see whether the lock's holder still runs. */
export function waitingFor(path: string, holder: string, seconds: number): string {
  return `${path} is locked by ${holder}; waiting at most ${seconds} s to see whether that process still runs`;
}
