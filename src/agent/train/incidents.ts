import { ignoreElements, type Observable, tap } from 'rxjs';
import type { EnvPool, Failed } from '../../envs/index.ts';
import { StrayError } from '../common/errors.ts';
import type { Activity, TrainEvent } from '../events/events.ts';
import { type Heartbeat, stalls } from '../watchdog/index.ts';
import type { FailedAt, RunFiles } from './run-files.ts';
import type { Training } from './training.ts';

/** Saves, counts and reports each failure of a training environment. */
export function failureReporter(
  training: Training,
  files: RunFiles,
  on: (event: TrainEvent) => void,
): (failed: Failed) => void {
  return (failed) => {
    const update = training.update + 1;
    const envSteps = training.envSteps + training.trajectory.count;
    if (!failed.aside) training.losses.envFailures++;
    reportFailure(failed, { update, envSteps, during: 'training' }, files, on);
  };
}

/** Saves and reports a failure of an environment; that of `close` or `restore` only once a session. */
export function reportFailure(
  failed: Failed,
  at: FailedAt,
  files: RunFiles,
  on: (event: TrainEvent) => void,
): void {
  const { error, consecutive, aside } = failed;
  if (aside !== undefined && !files.isFirst(aside)) return;
  const { update, envSteps } = at;
  const kept = files.keepFailure(failed, at);
  const what = aside === undefined ? 'environment' : 'verb';
  on({ type: 'incident', what, update, envSteps, reason: error.message, consecutive, ...kept });
}

/** Reports environments that all stand still, and that answer again; emits nothing. */
export function reportStalls(
  envs: EnvPool,
  envSeconds: number,
  at: () => { during: Activity; update: number },
  on: (event: TrainEvent) => void,
): Observable<never> {
  return stalls(envs, envSeconds).pipe(
    tap((stall) => on({ ...stall, ...at() })),
    ignoreElements(),
  );
}

/**
 * Saves and reports an error that nothing catches as soon as the signal aborts with it, since the process may end before
 * training does.
 * @returns a function that ends this
 */
export function reportStrayErrors(
  signal: AbortSignal | undefined,
  heartbeat: Heartbeat,
  files: RunFiles,
  on: (event: TrainEvent) => void,
): () => void {
  const aborted = () => {
    const stray = signal?.reason;
    if (!(stray instanceof StrayError)) return;
    const { update, envSteps } = heartbeat.reached;
    const at = { update: update + 1, envSteps };
    const kept = files.keepStray(stray, at);
    on({
      type: 'incident',
      what: 'process',
      ...at,
      reason: stray.message,
      consecutive: 1,
      ...kept,
    });
    if (stray.exits) files.reportFailed(stray);
  };
  signal?.addEventListener('abort', aborted, { once: true });
  return () => signal?.removeEventListener('abort', aborted);
}

/** @throws StrayError where the signal aborted with one */
export function throwStrayError(signal: AbortSignal | undefined): void {
  if (signal?.reason instanceof StrayError) throw signal.reason;
}
