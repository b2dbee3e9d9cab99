import { NEVER, Observable } from 'rxjs';

/** Fails with the signal's reason when it aborts; it never emits and never completes. */
export function aborted(signal: AbortSignal | undefined): Observable<never> {
  if (signal === undefined) return NEVER;
  return new Observable((subscriber) => {
    const abort = () => subscriber.error(signal.reason);
    if (signal.aborted) return abort();
    signal.addEventListener('abort', abort, { once: true });
    return () => signal.removeEventListener('abort', abort);
  });
}
