import { StrayError } from '../common/errors.ts';
import { end, onUnmeantExit } from './ending.ts';

/** How long a process may take to save and end after the first of them, in ms. */
const PATIENCE_MS = 120_000;

/**
 * Tells of the first error that nothing catches, instead of the process ending with it, and of process.exit. Where
 * the process has not ended two minutes after the first, it is ended.
 *
 * @returns what ends that
 */
export function onStray(on: (stray: StrayError) => void): () => void {
  let late: NodeJS.Timeout | undefined;
  const caught = (error: unknown, origin: NodeJS.UncaughtExceptionOrigin): void => {
    const what = origin === 'unhandledRejection' ? 'an unhandled rejection' : 'an uncaught error';
    if (late !== undefined) return;
    late = setTimeout(() => end(1), PATIENCE_MS).unref();
    on(new StrayError(`${what}: ${messageOf(error)}`, { cause: error }));
  };
  process.on('uncaughtException', caught);
  const release = onUnmeantExit((message) => on(new StrayError(message, { exits: true })));
  return () => {
    process.off('uncaughtException', caught);
    clearTimeout(late);
    release();
  };
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
