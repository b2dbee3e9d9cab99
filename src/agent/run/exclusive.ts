import { UsageError } from '../common/errors.ts';
import { type HeldLock, type LockOptions, RunLockedError, takeLock } from './index.ts';

/**
 * Takes a lock file for this process.
 * @param refusal what is said where another process, in words, has it
 * @throws UsageError where another process has it, AbortError where `signal` aborts before that is found out
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

/** What is said where a lock may have been left behind. */
export function waitingFor(path: string, holder: string, seconds: number): string {
  return `${path} is locked by ${holder}; waiting at most ${seconds} s to see whether that process still runs`;
}
