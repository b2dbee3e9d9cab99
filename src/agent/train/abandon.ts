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

/** How long environments may be silent once the signal has come, in seconds. */
const SILENT_S = 5;

/**
 * Emits once the signal has come and the environments that are waited for are silent: the update will not be finished.
 * @param waiting whether nothing but their answers is waited for
 * @returns the environments that owe an answer
 */
export function abandoned(
  envs: Pick<EnvPool, 'owing' | 'answers'>,
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
          const still = waiting() && envs.owing.length > 0 && envs.answers === answers;
          silent = still ? silent + 1 : 0;
          answers = envs.answers;
          return silent >= SILENT_S;
        }),
      );
    }),
    map(() => envs.owing),
    take(1),
  );
}
