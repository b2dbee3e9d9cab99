import type { Level, Logger } from 'pino';
import { eventLine } from '../events/event-line.ts';
import type { ToldEvent } from '../events/events.ts';

/** How loudly what is usual is told; everything else is something that somebody should look at. */
const levels = new Map<ToldEvent['type'], Level>([
  ['updated', 'trace'],
  ['checkpointed', 'debug'],
  ['finished', 'debug'],
  // As its process ends, it is told why.
  ['failed', 'debug'],
  ['started', 'info'],
  ['listening', 'info'],
  ['released', 'info'],
  ['evaluated', 'info'],
  ['evaluating', 'info'],
  ['stopped', 'info'],
  ['answered', 'info'],
]);

/** Tells the log of what a run tells. */
export function logEvent(log: Logger, event: ToldEvent): void {
  const { type } = event;
  log[levels.get(type) ?? 'warn']({ event: type }, inWords(event) ?? type);
}

/** What an event says, where it is worth a line of its own. */
export function inWords(event: ToldEvent): string | undefined {
  try {
    return eventLine(event);
  } catch {
    // Of another version, it may have other fields.
    return undefined;
  }
}
