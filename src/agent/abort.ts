import { NEVER, Observable } from 'rxjs';

/** Errors with the signal's reason as it aborts; else it never emits, nor ends. */
export function aborted(signal: AbortSignal | undefined): Observable<never> {
  if (signal === undefined) return NEVER;
  return new Observable((subscriber) => {
    const abort = () => subscriber.error(signal.reason);
    if (signal.aborted) return abort();
    signal.addEventListener('abort', abort, { once: true });
    return () => signal.removeEventListener('abort', abort);
  });
}

/**
 * What a promise comes to, unless the signal aborts before.
 * @param discard what is done with a value that comes too late
 * @throws the signal's reason
 */
export function unlessAborted<T>(
  signal: AbortSignal | undefined,
  promise: Promise<T>,
  discard: (value: T) => Promise<unknown>,
): Promise<T> {
  return new Promise((resolve, reject) => {
    const subscription = aborted(signal).subscribe({
      error: (reason) => {
        reject(reason);
        promise.then(discard).catch(() => {});
      },
    });
    promise.then(resolve, reject).finally(() => subscription.unsubscribe());
  });
}
