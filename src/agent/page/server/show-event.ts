import { eventLine, lossesText } from '../../events/event-line.ts';
import { type LoggedEvent, parseEvent } from '../../events/events-log.ts';
import type { RunEvent } from './page-messages.ts';

/** Events that the list leaves out, since curves show them. */
const QUIET = ['updated', 'evaluated', 'checkpointed'];
const ALARMS = ['alarm', 'incident', 'failed'];
const CALM = ['started', 'listening', 'released', 'evaluating', 'answered', 'stopped', 'finished'];
/** The most characters of a message. */
const LONGEST = 600;

/** A line of events.jsonl as text; undefined if it is no event, or one that curves show. */
export function showEvent(line: string): RunEvent | undefined {
  const event = parseEvent(line);
  if (!event || QUIET.includes(event.type)) return undefined;
  const { type, time } = event;
  const level = ALARMS.includes(type) ? 'alarm' : CALM.includes(type) ? 'info' : 'warning';
  return { time, type, level, message: words(event).slice(0, LONGEST) };
}

function words(event: LoggedEvent): string {
  if (event.type === 'finished') {
    const losses = lossesText(event);
    const how = event.interrupted ? 'stopped before training was done' : 'training is done';
    return losses === undefined ? how : `${how}; ${losses}`;
  }
  // An event of another version may have other fields.
  const plain = ('message' in event ? event.message : undefined) ?? event.type;
  if (event.type === 'failed') return plain;
  try {
    return eventLine(event) ?? plain;
  } catch {
    return plain;
  }
}
