import { watch } from 'node:fs';
import { catchError, EMPTY, interval, merge, Observable } from 'rxjs';

/** When to look into a directory again: as the system says it has changed, and every so often. */
export function wakeOf(dir: string, everyMs = POLL_MS): Observable<unknown> {
  const changes$ = new Observable<void>((subscriber) => {
    const watcher = watch(dir, () => subscriber.next());
    watcher.on('error', (error) => subscriber.error(error));
    return () => watcher.close();
  });
  // Where nothing can be watched (no such directory yet, no watches left), looking does.
  return merge(changes$.pipe(catchError(() => EMPTY)), interval(everyMs));
}

const POLL_MS = 1000;
