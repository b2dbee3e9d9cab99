import { watch } from 'node:fs';
import { catchError, EMPTY, interval, merge, Observable } from 'rxjs';

/** Emits when to look into a directory again: when the system reports a change, and every `everyMs`. */
export function wakeOf(dir: string, everyMs = POLL_MS): Observable<unknown> {
  return merge(changesIn(dir), interval(everyMs));
}

/** Emits when the system reports a change in a directory. Never emits if the system cannot watch it (missing, no watches left). */
export function changesIn(dir: string): Observable<void> {
  const changes$ = new Observable<void>((subscriber) => {
    const watcher = watch(dir, () => subscriber.next());
    watcher.on('error', (error) => subscriber.error(error));
    return () => watcher.close();
  });
  return changes$.pipe(catchError(() => EMPTY));
}

const POLL_MS = 1000;
