import { asyncScheduler, auditTime, type Observable, type SchedulerLike, Subscription } from 'rxjs';
import type { WebSocket } from 'ws';
import {
  type PageMessage,
  pageMessage,
  type RunSummary,
  type ServerMessage,
} from './page-messages.ts';
import type { RunRecord } from './run-record.ts';

/** What a page is told of. */
export interface LiveSource {
  runs$: Observable<RunSummary[]>;
  record$: (run: string) => Observable<RunRecord>;
}

/**
 * Tells one page what is new. Nothing waits in a queue for a slow one: what it lacks is found from how
 * many rows it has been sent, once it has taken what was sent before.
 */
export function streamLive(
  socket: WebSocket,
  { runs$, record$ }: LiveSource,
  scheduler: SchedulerLike = asyncScheduler,
): void {
  const all = new Subscription();
  const watched = new Map<string, Subscription>();
  const send = (message: ServerMessage) => socket.send(JSON.stringify(message));
  const ready = () => socket.bufferedAmount < MAX_BUFFERED;
  const problem = (run: string | undefined, error: unknown) =>
    send({ t: 'problem', run, message: (error as Error).message });

  const unwatch = (run: string) => {
    watched.get(run)?.unsubscribe();
    watched.delete(run);
  };
  const watch = ({ run, epoch, rows }: PageMessage & { t: 'watch' }) => {
    unwatch(run);
    const cursor = new Cursor(run, epoch, rows);
    const subscription = record$(run)
      .pipe(auditTime(TOLD_EVERY_MS, scheduler))
      .subscribe({
        next: (record) => {
          if (ready()) for (const message of cursor.advance(record)) send(message);
        },
        error: (error) => problem(run, error),
      });
    watched.set(run, subscription);
    all.add(subscription);
  };

  let told = '';
  const tellRuns = (runs: RunSummary[]) => {
    if (!ready()) return;
    const text = JSON.stringify({ t: 'runs', runs } satisfies ServerMessage);
    if (text !== told) socket.send((told = text));
  };
  all.add(runs$.subscribe({ next: tellRuns, error: (error) => problem(undefined, error) }));

  socket.on('message', (data) => {
    const message = parseMessage(data.toString());
    if (message === undefined) socket.close(1008, 'BAD_MESSAGE');
    else if (message.t === 'unwatch') unwatch(message.run);
    else if (watched.size < MAX_WATCHED || watched.has(message.run)) watch(message);
    else problem(message.run, new Error(`expected at most ${MAX_WATCHED} runs watched at once`));
  });
  socket.once('close', () => all.unsubscribe());
}

/** Where a page stands in a run's table and events. */
class Cursor {
  readonly #run: string;
  #epoch: string;
  #rows: number;
  #events = 0;
  #toldStale = false;

  constructor(run: string, epoch: string, rows: number) {
    this.#run = run;
    this.#epoch = epoch;
    this.#rows = rows;
  }

  /** What is to be told of the record as it is now; it counts as told. */
  *advance(record: RunRecord): Generator<ServerMessage> {
    const { columns, epoch, events, eventsDropped } = record;
    const run = this.#run;
    const total = eventsDropped + events.length;
    if (total !== this.#events) {
      const from = this.#events > total ? 0 : Math.max(this.#events, eventsDropped);
      yield { t: 'events', run, from, events: events.slice(from - eventsDropped) };
      this.#events = total;
    }
    if (!record.complete || this.#toldStale) return;
    const behind = columns.length - this.#rows;
    if (epoch !== this.#epoch || behind < 0 || behind > MAX_ROWS) {
      this.#toldStale = true;
      yield { t: 'stale', run };
    } else if (behind > 0) {
      const told = columns.names.map((name) => {
        const values = Array.from(columns.column(name)!.subarray(this.#rows));
        return [name, values.map((value) => (Number.isNaN(value) ? null : value))] as const;
      });
      this.#rows = columns.length;
      yield { t: 'points', run, epoch, rows: this.#rows, columns: Object.fromEntries(told) };
    }
  }
}

function parseMessage(text: string): PageMessage | undefined {
  try {
    return pageMessage.safeParse(JSON.parse(text)).data;
  } catch {
    return undefined;
  }
}

/** Bytes that a page has not taken yet, above which it is told nothing more. */
const MAX_BUFFERED = 2 ** 20;
const TOLD_EVERY_MS = 200;
/** Rows told at once; a page that lacks more fetches history, thinned. */
const MAX_ROWS = 1000;
const MAX_WATCHED = 64;
