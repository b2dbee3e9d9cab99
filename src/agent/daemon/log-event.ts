import type { Level, Logger } from 'pino';
import { eventLine } from '../events/event-line.ts';
import type { PrintedEvent } from '../events/events.ts';

/** The levels of usual events; all other events are warnings. */
const levels = new Map<PrintedEvent['type'], Level>([
  ['updated', 'trace'],
  ['checkpointed', 'debug'],
  ['finished', 'debug'],
  // The daemon logs the reason when the process ends.
  ['failed', 'debug'],
  ['started', 'info'],
  ['listening', 'info'],
  ['released', 'info'],
  ['evaluated', 'info'],
  ['evaluating', 'info'],
  ['stopped', 'info'],
  ['answered', 'info'],
]);

/** Writes an event of a run to the log. */
export function logEvent(log: Logger, event: PrintedEvent): void {
  const { type } = event;
  log[levels.get(type) ?? 'warn']({ event: type }, inWords(event) ?? type);
}

/** The text of an event; undefined where it is not worth a line of its own. */
export function inWords(event: PrintedEvent): string | undefined {
  try {
    return eventLine(event);
  } catch {
    // An event of another version may have other fields.
    return undefined;
  }
}
