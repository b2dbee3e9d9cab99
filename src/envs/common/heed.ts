/**
 * Waits for `work`, at most until `signal` aborts. The work then continues, and `discard` receives its result.
 * @throws the signal's reason
 */
export async function untilAborted<T>(
  signal: AbortSignal | undefined,
  work: Promise<T>,
  discard: (value: T) => unknown = () => {},
): Promise<T> {
  if (signal === undefined) return work;
  let abort: () => void;
  const aborted = new Promise<never>((_, reject) => {
    abort = () => reject(signal.reason);
    if (signal.aborted) abort();
    else signal.addEventListener('abort', abort, { once: true });
  });
  try {
    return await Promise.race([aborted, work]);
  } catch (error) {
    if (signal.aborted) void work.then(discard).catch(() => {});
    throw error;
  } finally {
    signal.removeEventListener('abort', abort!);
  }
}
