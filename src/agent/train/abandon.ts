import {
  EMPTY,
  filter,
  fromEvent,
  interval,
  map,
  type Observable,
  of,
  switchMap,
  take,
} from 'rxjs';
import type { EnvPool } from '../../envs/index.ts';

/** The longest silence of environments after the signal, in seconds. */
const SILENT_S = 5;

/**
 * Emits once the signal is aborted and the environments that training waits for are silent: it cannot finish the update.
 * @param waiting whether training waits for nothing but their answers
 * @returns the environments that have not answered
 */
export function abandoned(
  envs: Pick<EnvPool, 'pending' | 'answers'>,
  signal: AbortSignal | undefined,
  waiting: () => boolean,
): Observable<readonly number[]> {
  if (signal === undefined) return EMPTY;
  const aborted: Observable<unknown> = signal.aborted ? of(true) : fromEvent(signal, 'abort');
  return aborted.pipe(
    switchMap(() => {
      let [answers, silent] = [envs.answers, 0];
      return interval(1000).pipe(
        filter(() => {
          const still = waiting() && envs.pending.length > 0 && envs.answers === answers;
          silent = still ? silent + 1 : 0;
          answers = envs.answers;
          return silent >= SILENT_S;
        }),
      );
    }),
    map(() => envs.pending),
    take(1),
  );
}
