import { eventLine } from '../event-line.ts';
import type { TrainEvent } from '../events.ts';
import type { RunEvent } from './messages.ts';

/** Events that are no news: curves show them. */
const QUIET = ['updated', 'evaluated', 'checkpointed'];
const ALARMS = ['alarm', 'incident', 'failed'];
const CALM = ['started', 'listening', 'released', 'answered', 'stopped', 'finished'];
/** Characters of a message. */
const LONGEST = 600;

/** A line of events.jsonl in words; undefined where it is none, or no news. */
export function tellEvent(line: string): RunEvent | undefined {
  const event = parse(line);
  if (!event || QUIET.includes(event.type)) return undefined;
  const { type, time } = event;
  const level = ALARMS.includes(type) ? 'alarm' : CALM.includes(type) ? 'info' : 'warning';
  return { time, type, level, message: words(event).slice(0, LONGEST) };
}

interface Logged {
  type: string;
  time: string;
}

function parse(line: string): Logged | undefined {
  try {
    const event = JSON.parse(line);
    return typeof event?.type === 'string' && typeof event.time === 'string' ? event : undefined;
  } catch {
    return undefined;
  }
}

function words(event: Logged & { interrupted?: boolean; message?: string }): string {
  if (event.type === 'finished') {
    return event.interrupted ? 'stopped before its end' : 'training is done';
  }
  try {
    return eventLine(event as unknown as TrainEvent) ?? event.message ?? event.type;
  } catch {
    // Of another version, with other fields.
    return event.message ?? event.type;
  }
}
