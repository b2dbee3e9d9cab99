/**
 * The promise, or the signal's reason where that is aborted first.
 * @param late given what the promise settles to all the same
 */
export function heed<T>(
  signal: AbortSignal | undefined,
  promise: Promise<T>,
  late: (value: T) => void = () => {},
): Promise<T> {
  if (signal === undefined) return promise;
  return new Promise((resolve, reject) => {
    const abort = () => {
      reject(signal.reason);
      promise.then(late, () => {});
    };
    if (signal.aborted) return abort();
    signal.addEventListener('abort', abort, { once: true });
    promise.then(resolve, reject).finally(() => signal.removeEventListener('abort', abort));
  });
}
