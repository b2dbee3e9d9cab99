import { readFile } from 'node:fs/promises';
import type { Clock } from '../common/clock.ts';
import { AppendFile, parseLine } from '../run/index.ts';
import type { FailedEvent, PrintedEvent, TrainEvent } from './events.ts';

/** An event as `events.jsonl` holds it: that of `train`, with its time; the file leaves out `updated`. */
export type LoggedEvent = {
  /** The time of the event (ISO 8601). */
  time: string;
} & (Exclude<TrainEvent, { type: 'updated' }> | FailedEvent);

/** Lines held in memory while writing fails; beyond that the oldest are dropped, since a run can do without them. */
const HELD = 1000;

/**
 * events.jsonl: one JSON object for every event of a run but its updates, over all its sessions. An error in writing
 * does not end a run: memory holds the lines until a later write succeeds.
 */
export class EventsLog {
  readonly #clock: Clock;
  #file: AppendFile | undefined;
  /** Lines from before `open`. */
  #early: string[] = [];

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  append(event: PrintedEvent): void {
    if (event.type === 'updated') return;
    const line = JSON.stringify({ time: new Date(this.#clock.now()).toISOString(), ...event });
    if (this.#file) this.#file.append(line);
    else this.#early.push(line);
  }

  /** Opens the file at `path`, or creates it, and appends the events so far. */
  open(path: string): void {
    this.#file = new AppendFile(path, { most: HELD });
    this.#file.endLine();
    for (const line of this.#early.splice(0)) this.#file.append(line);
  }

  close(): void {
    try {
      this.#file?.close();
    } catch {
      // The lines that memory still holds are lost.
    }
    this.#file = undefined;
  }
}

/**
 * Reads the events of a run's `events.jsonl`. It skips lines that a crash left incomplete.
 * @param path of the file; without it there are no events
 */
export async function readEvents(path: string): Promise<LoggedEvent[]> {
  const text = await readFile(path, 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return '';
    throw error;
  });
  return text.split('\n').flatMap((line) => parseEvent(line) ?? []);
}

/** The event of one line of events.jsonl, or undefined where the line is incomplete. */
export function parseEvent(line: string): LoggedEvent | undefined {
  const event = parsePrintedEvent(line) as LoggedEvent | undefined;
  return typeof event?.time === 'string' ? event : undefined;
}

/** The event of one line of `pondera train --json`, or undefined where the line holds none. */
export function parsePrintedEvent(line: string): PrintedEvent | undefined {
  return parseLine(line, 'type', 'string') as PrintedEvent | undefined;
}
