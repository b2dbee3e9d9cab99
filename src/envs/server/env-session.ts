import { after, type Timer } from '../common/timers.ts';
import type { Connection } from '../net/socket/connection.ts';
import { newTicket } from '../net/socket/ticket.ts';
import { envRequest, readMessage } from '../net/wire/messages.ts';
import { WireError } from '../net/wire/wire-error.ts';
import type { EnvHost, Verb } from './env-host.ts';

export interface SessionTimes {
  /** How long a session waits for its connection to come back, in ms. */
  graceMs: number;
  /** How long it may go without a request, in ms. */
  idleMs: number;
}

export interface SessionEvents {
  /** Called at each request that it performs. */
  asked(request: Verb): void;
  /** Called once, at its end. */
  ended(): void;
}

/** The environments of one trainer, over one connection after another. */
export class Session {
  readonly ticket = newTicket();
  readonly host: EnvHost;
  readonly #times: SessionTimes;
  readonly #events: SessionEvents;
  #connection: Connection | undefined;
  #grace: Timer | undefined;
  #idle: Timer | undefined;
  #ended = false;

  constructor(host: EnvHost, times: SessionTimes, events: SessionEvents) {
    this.host = host;
    this.#times = times;
    this.#events = events;
    host.onReply = (...replies) => this.#connection?.send(...replies);
  }

  /** Continues over this connection, and ends the one before. */
  attach(connection: Connection): void {
    const replaced = this.#connection;
    this.#connection = connection;
    replaced?.fail(new WireError('SESSION_REPLACED', 'session: resumed by another connection'));
    this.#grace?.stop();
    this.#rest();
    connection.onMessage = (message) => {
      const request = readMessage(envRequest, message);
      this.#rest();
      if (request.t === 'close') {
        connection.close();
        void this.end();
        return;
      }
      this.host.handle(request);
      this.#events.asked(request);
    };
    // Called at once where the connection broke while the session was being made.
    connection.onClose = () => this.#detach(connection);
  }

  #detach(connection: Connection): void {
    if (this.#connection !== connection || this.#ended) return;
    this.#connection = undefined;
    this.#grace = after(this.#times.graceMs, () => void this.end());
  }

  async end(error?: WireError): Promise<void> {
    if (this.#ended) return;
    this.#ended = true;
    this.#grace?.stop();
    this.#idle?.stop();
    if (error) this.#connection?.fail(error);
    this.#events.ended();
    await this.host.close();
  }

  #rest(): void {
    const { idleMs } = this.#times;
    if (this.#idle) this.#idle.refresh();
    else {
      this.#idle = after(idleMs, () => {
        void this.end(new WireError('IDLE', `session: no request for ${idleMs} ms`));
      });
    }
  }
}
