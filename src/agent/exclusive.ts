import { UsageError } from './errors.ts';
import { Locked, takeLock } from './run/index.ts';

/**
 * Takes a lock file for this process.
 * @param refusal what is said where another process has it
 * @returns what releases it
 * @throws UsageError where another process has it
 */
export async function exclusive(
  path: string,
  refusal: (pid: number) => string,
): Promise<() => Promise<void>> {
  try {
    return await takeLock(path);
  } catch (error) {
    if (!(error instanceof Locked)) throw error;
    throw new UsageError(refusal(error.pid));
  }
}
