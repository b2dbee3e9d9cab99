import { asyncScheduler, auditTime, type Observable, type SchedulerLike, Subscription } from 'rxjs';
import type { WebSocket } from 'ws';
import {
  type PageMessage,
  pageMessage,
  type RunSummary,
  type ServerMessage,
} from './page-messages.ts';
import type { RunRecord } from './run-record.ts';

/** The news for a page. */
export interface LiveSource {
  runs$: Observable<RunSummary[]>;
  record$: (run: string) => Observable<RunRecord>;
}

/**
 * Sends news to one page. A slow page has no queue of messages: once it has received the earlier ones, the number of rows
 * sent so far gives the rows that it lacks.
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
      .pipe(auditTime(SEND_EVERY_MS, scheduler))
      .subscribe({
        next: (record) => {
          if (ready()) for (const message of cursor.advance(record)) send(message);
        },
        error: (error) => problem(run, error),
      });
    watched.set(run, subscription);
    all.add(subscription);
  };

  let sent = '';
  const sendRuns = (runs: RunSummary[]) => {
    if (!ready()) return;
    const text = JSON.stringify({ t: 'runs', runs } satisfies ServerMessage);
    if (text !== sent) socket.send((sent = text));
  };
  all.add(runs$.subscribe({ next: sendRuns, error: (error) => problem(undefined, error) }));

  socket.on('message', (data) => {
    const message = parseMessage(data.toString());
    if (message === undefined) socket.close(1008, 'BAD_MESSAGE');
    else if (message.t === 'unwatch') unwatch(message.run);
    else if (watched.size < MAX_WATCHED || watched.has(message.run)) watch(message);
    else problem(message.run, new Error(`expected at most ${MAX_WATCHED} runs watched at once`));
  });
  socket.once('close', () => all.unsubscribe());
}

/** How much of a run's table and events a page has been sent. */
class Cursor {
  readonly #run: string;
  #epoch: string;
  #rows: number;
  #events = 0;
  #sentStale = false;

  constructor(run: string, epoch: string, rows: number) {
    this.#run = run;
    this.#epoch = epoch;
    this.#rows = rows;
  }

  /** The messages with all that is new in the record since the last call, for the page to be up to date. */
  *advance(record: RunRecord): Generator<ServerMessage> {
    const { columns, epoch, events, eventsDropped } = record;
    const run = this.#run;
    const total = eventsDropped + events.length;
    if (total !== this.#events) {
      const from = this.#events > total ? 0 : Math.max(this.#events, eventsDropped);
      yield { t: 'events', run, from, events: events.slice(from - eventsDropped) };
      this.#events = total;
    }
    if (!record.complete || this.#sentStale) return;
    const behind = columns.length - this.#rows;
    if (epoch !== this.#epoch || behind < 0 || behind > MAX_ROWS) {
      this.#sentStale = true;
      yield { t: 'stale', run };
    } else if (behind > 0) {
      const news = columns.names.map((name) => {
        const values = Array.from(columns.column(name)!.subarray(this.#rows));
        return [name, values.map((value) => (Number.isNaN(value) ? null : value))] as const;
      });
      this.#rows = columns.length;
      yield { t: 'points', run, epoch, rows: this.#rows, columns: Object.fromEntries(news) };
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

/** With more unreceived bytes than this, a page is sent nothing more. */
const MAX_BUFFERED = 2 ** 20;
const SEND_EVERY_MS = 200;
/** The most rows in a message. A page that lacks more fetches a thinned history. */
const MAX_ROWS = 1000;
const MAX_WATCHED = 64;
