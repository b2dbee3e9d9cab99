import type { Level, Logger } from 'pino';
import { eventLine } from '../event-line.ts';
import type { TrainEvent } from '../events.ts';

/** How loudly what is usual is told; everything else is something that somebody should look at. */
const levels = new Map<TrainEvent['type'], Level>([
  ['updated', 'trace'],
  ['checkpointed', 'debug'],
  ['finished', 'debug'],
  ['started', 'info'],
  ['listening', 'info'],
  ['released', 'info'],
  ['evaluated', 'info'],
  ['stopped', 'info'],
  ['answered', 'info'],
]);

/** Tells the log of what a run tells. */
export function logEvent(log: Logger, event: TrainEvent): void {
  const { type } = event;
  log[levels.get(type) ?? 'warn']({ event: type }, inWords(event) ?? type);
}

/** What an event says, where it is worth a line of its own. */
export function inWords(event: TrainEvent): string | undefined {
  try {
    return eventLine(event);
  } catch {
    // No event, but something that an environment has printed and that looks like one.
    return undefined;
  }
}
