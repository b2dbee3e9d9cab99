import type { PageMessage, RunSummary, ServerMessage } from '../server/page-messages.ts';
import { connect } from './page-requests.ts';

export type LinkState = 'connecting' | 'live' | 'lost';

/** A view that watches a run. */
export interface Watcher {
  /** How much of the run's table the view has. */
  position: () => { epoch: string; rows: number };
  take: (message: Exclude<ServerMessage, { t: 'runs' }>) => void;
}

/** The connection over which the server sends news. It reconnects by itself, and then asks for what it missed. */
export class LiveLink {
  /** The runs of the server's last message; undefined before the first. */
  runs: RunSummary[] | undefined;
  state: LinkState = 'connecting';
  /** The server's last problem; empty where there is none. */
  problem = '';
  readonly #watchers = new Map<string, Watcher>();
  readonly #listeners = new Set<() => void>();
  #socket: WebSocket | undefined;
  #attempt = 0;

  open(): void {
    const socket = connect('/v1/live');
    this.#socket = socket;
    socket.onopen = () => {
      this.#attempt = 0;
      this.problem = '';
      for (const run of this.#watchers.keys()) this.#ask(run);
      this.#become('live');
    };
    socket.onmessage = ({ data }) => this.#take(JSON.parse(data));
    socket.onclose = () => {
      this.#become('lost');
      // The wait doubles each time. Its random part keeps many pages from reconnecting at the same moment.
      const wait = Math.min(10_000, 500 * 2 ** this.#attempt++) * (0.75 + Math.random() / 2);
      setTimeout(() => this.open(), wait);
    };
  }

  /** Calls `listener` when the runs or the state change. @returns a function that ends it */
  onChange(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Sends the news of a run to `watcher`. @returns a function that ends it */
  watch(run: string, watcher: Watcher): () => void {
    this.#watchers.set(run, watcher);
    this.#ask(run);
    return () => {
      if (this.#watchers.get(run) !== watcher) return;
      this.#watchers.delete(run);
      this.#send({ t: 'unwatch', run });
    };
  }

  #ask(run: string): void {
    this.#send({ t: 'watch', run, ...this.#watchers.get(run)!.position() });
  }

  #send(message: PageMessage): void {
    if (this.#socket?.readyState === WebSocket.OPEN) this.#socket.send(JSON.stringify(message));
  }

  #take(message: ServerMessage): void {
    if (message.t === 'runs') {
      this.runs = message.runs;
      this.#notify();
    } else if (message.run !== undefined) this.#watchers.get(message.run)?.take(message);
    else if (message.t === 'problem') {
      this.problem = message.message;
      this.#notify();
    }
  }

  #become(state: LinkState): void {
    this.state = state;
    this.#notify();
  }

  #notify(): void {
    for (const listener of this.#listeners) listener();
  }
}
