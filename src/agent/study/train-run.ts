import { RunError } from '../common/errors.ts';
import { EXIT } from '../common/exit-code.ts';
import { ownCommand } from '../common/own-command.ts';
import type { TrainEvent } from '../events/events.ts';
import { type ChildRun, startTraining } from '../train/train-child.ts';

/**
 * Trains in a process of its own, and passes its events on. An aborted signal lets it save first.
 *
 * @returns whether the run is done; false where it was interrupted and has saved
 * @throws RunError with the last output of the process, where it failed
 */
export async function trainRun(
  run: ChildRun,
  options: { signal?: AbortSignal; on?: (event: TrainEvent) => void } = {},
): Promise<boolean> {
  const { child, ended } = startTraining(
    [process.execPath, ...ownCommand()],
    run,
    ['ignore', 'pipe'],
    (event) => event.type !== 'failed' && options.on?.(event),
  );
  const interrupt = (): void => void child.kill('SIGINT');
  options.signal?.addEventListener('abort', interrupt);
  if (options.signal?.aborted) interrupt();

  let words = '';
  child.stderr?.on('data', (chunk: Buffer) => {
    words = (words + chunk.toString()).slice(-4000);
  });
  try {
    const { code, signal, finished, failed } = await ended;
    if (finished) return true;
    // It was over its budget: another process continues the run.
    if (code === EXIT.restart) return await trainRun({ ...run, resume: true }, options);
    if (code === EXIT.interrupted) return false;
    const how = code === 0 ? 'ended before it was done' : `failed (exit ${code ?? signal})`;
    throw new RunError(`training ${run.runDir} ${how}: ${failed ?? words.trim()}`);
  } finally {
    options.signal?.removeEventListener('abort', interrupt);
  }
}
