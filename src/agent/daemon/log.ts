import { type Level, type Logger, pino } from 'pino';

/**
 * A log of JSON lines.
 * @param file where it goes; stderr unless given
 * @returns it, and what opens its file anew once that was moved away
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
