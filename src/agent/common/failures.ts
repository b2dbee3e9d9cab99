import { ignoreElements, type Observable, tap } from 'rxjs';
import type { EnvPool, Failed } from '../../envs/index.ts';

/** Passes each failure of an environment to `told` as it happens; emits nothing, and fails where `told` throws. */
export function reportingTo(
  { failures }: Pick<EnvPool, 'failures'>,
  told: (failed: Failed) => void,
): Observable<never> {
  return failures.pipe(tap(told), ignoreElements());
}

/** Closes environments and passes each failure to do so to `told`. @throws the first error of `told` */
export async function closeReporting(envs: EnvPool, told: (failed: Failed) => void): Promise<void> {
  const wrong: unknown[] = [];
  const telling = reportingTo(envs, told).subscribe({ error: (error) => wrong.push(error) });
  await envs.close().finally(() => telling.unsubscribe());
  if (wrong.length > 0) throw wrong[0];
}
