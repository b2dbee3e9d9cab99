import { watch } from 'node:fs';
import { catchError, EMPTY, interval, merge, Observable } from 'rxjs';

/** When to look into a directory again: as the system says it has changed, and every so often. */
export function wakeOf(dir: string, everyMs = POLL_MS): Observable<unknown> {
  return merge(changesIn(dir), interval(everyMs));
}

/** When something changes in a directory, as far as the system says so: where it cannot be watched (not there yet, no watches left), never. */
export function changesIn(dir: string): Observable<void> {
  const changes$ = new Observable<void>((subscriber) => {
    const watcher = watch(dir, () => subscriber.next());
    watcher.on('error', (error) => subscriber.error(error));
    return () => watcher.close();
  });
  return changes$.pipe(catchError(() => EMPTY));
}

const POLL_MS = 1000;
