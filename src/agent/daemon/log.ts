import { type Level, type Logger, pino } from 'pino';

/**
 * A log of JSON lines.
 * @param file receives the log; default: stderr
 * @returns the log, and a function that opens the file again after a log rotation moved it
 */
export function openLog(level: Level, file?: string): { log: Logger; reopen: () => void } {
  const destination = pino.destination({ dest: file ?? 2, sync: true, mkdir: true });
  // A full disk must not end the daemon.
  destination.on('error', () => {});
  const log = pino(
    { level, base: { pid: process.pid }, timestamp: pino.stdTimeFunctions.isoTime },
    destination,
  );
  return { log, reopen: () => file !== undefined && destination.reopen() };
}
