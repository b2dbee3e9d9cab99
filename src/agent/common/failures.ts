import { ignoreElements, type Observable, tap } from 'rxjs';
import type { EnvPool, Failed } from '../../envs/index.ts';

/** Passes each failure of an environment to `onFailure` as it happens; emits nothing, and fails where `onFailure` throws. */
export function reportingTo(
  { failures }: Pick<EnvPool, 'failures'>,
  onFailure: (failed: Failed) => void,
): Observable<never> {
  return failures.pipe(tap(onFailure), ignoreElements());
}

/** Closes environments and passes each failure to do so to `onFailure`. @throws the first error of `onFailure` */
export async function closeReporting(
  envs: EnvPool,
  onFailure: (failed: Failed) => void,
): Promise<void> {
  const wrong: unknown[] = [];
  const reporting = reportingTo(envs, onFailure).subscribe({ error: (error) => wrong.push(error) });
  await envs.close().finally(() => reporting.unsubscribe());
  if (wrong.length > 0) throw wrong[0];
}
