import { ignoreElements, type Observable, tap } from 'rxjs';
import type { EnvPool, Failed } from '../../envs/index.ts';

/** Tells of each environment that fails, as it does; emits nothing, and errors where `told` throws. */
export function reportingTo(
  { failures }: Pick<EnvPool, 'failures'>,
  told: (failed: Failed) => void,
): Observable<never> {
  return failures.pipe(tap(told), ignoreElements());
}

/** Closes environments, and tells of those that cannot be closed. @throws what `told` throws */
export async function closeReporting(envs: EnvPool, told: (failed: Failed) => void): Promise<void> {
  const wrong: unknown[] = [];
  const telling = reportingTo(envs, told).subscribe({ error: (error) => wrong.push(error) });
  await envs.close().finally(() => telling.unsubscribe());
  if (wrong.length > 0) throw wrong[0];
}
