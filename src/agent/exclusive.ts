import { UsageError } from './errors.ts';
import { type HeldLock, Locked, type LockOptions, takeLock } from './run/index.ts';

/**
 * Takes a lock file for this process.
 * @param refusal what is said where another process, in words, has it
 * @throws UsageError where another process has it
 */
export async function exclusive(
  path: string,
  refusal: (holder: string) => string,
  onWait?: LockOptions['onWait'],
): Promise<HeldLock> {
  try {
    return await takeLock(path, { onWait });
  } catch (error) {
    if (!(error instanceof Locked)) throw error;
    throw new UsageError(refusal(error.holder));
  }
}

/** What is said where a lock may have been left behind. */
export function waitingFor(path: string, holder: string, seconds: number): string {
  return `${path} is that of ${holder}: it is waited for ${seconds} s whether that still lives`;
}
