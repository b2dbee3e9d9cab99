import { join } from 'node:path';
import { exhaustMap, fromEvent, lastValueFrom, of, startWith, takeUntil } from 'rxjs';
import { type LoggedEvent, parseEvent } from '../events/events-log.ts';
import { LineReader } from '../page/server/line-reader.ts';
import { wakeOf } from '../page/server/wake.ts';

/**
 * Passes the events in a run's events.jsonl to `on`.
 * @param until with it, the call passes on new events too, until it aborts
 */
export async function followEvents(
  runDir: string,
  on: (event: LoggedEvent) => void,
  until?: AbortSignal,
): Promise<void> {
  const file = new LineReader(join(runDir, 'events.jsonl'));
  const read = async () => {
    for await (const { lines } of file.read()) {
      for (const event of lines.flatMap((line) => parseEvent(line) ?? [])) on(event);
    }
  };
  if (until === undefined) return read();
  const aborted$ = until.aborted ? of(undefined) : fromEvent(until, 'abort');
  const read$ = wakeOf(runDir).pipe(startWith(undefined), takeUntil(aborted$), exhaustMap(read));
  await lastValueFrom(read$, { defaultValue: undefined });
}
