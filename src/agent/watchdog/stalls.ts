import { defer, EMPTY, interval, mergeMap, type Observable, of } from 'rxjs';
import type { EnvPool } from '../../envs/index.ts';
import { checksIn } from './slots.ts';

/** `stalled`: no environment has answered for `seconds`, and `envs` have open requests; `answered`: one answers again. */
export type Stall =
  | { type: 'stalled'; envs: readonly number[]; seconds: number }
  | { type: 'answered'; seconds: number };

/**
 * Emits `stalled` where requests are open and no environment has answered for `seconds`, and `answered` at the first
 * answer after that. It counts its own checks and reads no clock: while this thread is busy, no answer can arrive.
 *
 * @param seconds 0 for never
 */
export function stalls(
  envs: Pick<EnvPool, 'answers' | 'pending'>,
  seconds: number,
): Observable<Stall> {
  if (seconds === 0) return EMPTY;
  const { everyMs, checks } = checksIn(seconds);
  return defer(() => {
    let answers = envs.answers;
    let quiet = 0;
    const check = (): Stall | undefined => {
      const { pending } = envs;
      const lasted = (quiet * everyMs) / 1000;
      if (envs.answers !== answers || pending.length === 0) {
        answers = envs.answers;
        quiet = 0;
        return lasted >= seconds ? { type: 'answered', seconds: lasted } : undefined;
      }
      return ++quiet === checks ? { type: 'stalled', envs: pending, seconds } : undefined;
    };
    return interval(everyMs).pipe(
      mergeMap(() => {
        const found = check();
        return found === undefined ? EMPTY : of(found);
      }),
    );
  });
}
