import { defer, EMPTY, interval, mergeMap, type Observable, of } from 'rxjs';
import type { EnvPool } from '../../envs/index.ts';
import { looksIn } from './slots.ts';

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
  const { everyMs, looks } = looksIn(seconds);
  return defer(() => {
    let answers = envs.answers;
    let quiet = 0;
    const look = (): Stall | undefined => {
      const { owing } = envs;
      const lasted = (quiet * everyMs) / 1000;
      if (envs.answers !== answers || owing.length === 0) {
        answers = envs.answers;
        quiet = 0;
        return lasted >= seconds ? { type: 'answered', seconds: lasted } : undefined;
      }
      return ++quiet === looks ? { type: 'stalled', envs: owing, seconds } : undefined;
    };
    return interval(everyMs).pipe(
      mergeMap(() => {
        const found = look();
        return found === undefined ? EMPTY : of(found);
      }),
    );
  });
}
