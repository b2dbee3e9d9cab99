import { defer, EMPTY, interval, mergeMap, type Observable, of } from 'rxjs';
import type { EnvPool } from '../../envs/index.ts';
import { LOOKS } from './slots.ts';

/** Environments that owe answers and have been silent for so long, or that answer again. */
export type Stall =
  | { type: 'stalled'; envs: readonly number[]; seconds: number }
  | { type: 'answered'; seconds: number };

/**
 * Where environments owe answers and none of any has come for `seconds`, and where one has come since. It counts
 * how often it has looked rather than read a clock: while this thread is busy, no answer can come.
 *
 * @param seconds 0 for never
 */
export function stalls(
  envs: Pick<EnvPool, 'answers' | 'owing'>,
  seconds: number,
): Observable<Stall> {
  if (seconds === 0) return EMPTY;
  return defer(() => {
    let answers = envs.answers;
    let quiet = 0;
    const look = (): Stall | undefined => {
      const { owing } = envs;
      const lasted = (quiet * seconds) / LOOKS;
      if (envs.answers !== answers || owing.length === 0) {
        answers = envs.answers;
        quiet = 0;
        return lasted >= seconds ? { type: 'answered', seconds: lasted } : undefined;
      }
      return ++quiet === LOOKS ? { type: 'stalled', envs: owing, seconds } : undefined;
    };
    return interval((1000 * seconds) / LOOKS).pipe(
      mergeMap(() => {
        const found = look();
        return found === undefined ? EMPTY : of(found);
      }),
    );
  });
}
