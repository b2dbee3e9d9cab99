import type { WebSocket } from 'ws';
import type { EnvFactory } from '../contract/env.ts';
import type { Capacity } from '../hosting/capacity.ts';
import { Connection, type ConnectionLimits } from '../net/socket/connection.ts';
import { OpenEnvError } from './open-env-errors.ts';
import { OpenEnvSession } from './open-env-session.ts';
import { rejectConnection } from './reject-connection.ts';
import { textCodec } from './text-codec.ts';

export interface OpenEnvSessionsOptions {
  room: Capacity;
  timeoutMs: number;
  idleMs: number;
  /** Called at each request for a reset or a step. */
  asked(verb: 'reset' | 'step'): void;
  /** Receives errors of the server itself, of which peers learn nothing. */
  onFault?: (error: unknown) => void;
}

/** The sessions of OpenEnv's clients, with an environment for each connection. */
export class OpenEnvSessions {
  readonly #factory: EnvFactory;
  readonly #options: OpenEnvSessionsOptions;
  readonly #sessions = new Set<OpenEnvSession>();

  constructor(factory: EnvFactory, options: OpenEnvSessionsOptions) {
    this.#factory = factory;
    this.#options = options;
  }

  get count(): number {
    return this.#sessions.size;
  }

  begin(socket: WebSocket, limits: ConnectionLimits): void {
    const { room, timeoutMs, idleMs, asked, onFault } = this.#options;
    const connection = new Connection(socket, textCodec, limits);
    if (onFault) connection.onFault = onFault;
    if (room.take(1) === 0) {
      const [active, most] = [room.taken, room.total];
      const message = `Server at capacity: ${active}/${most} environments are taken`;
      const details = { active_sessions: active, max_sessions: most };
      rejectConnection(connection, new OpenEnvError('CAPACITY_REACHED', message, details));
      return;
    }
    const ended = () => {
      room.giveBack(1);
      this.#sessions.delete(session);
    };
    const options = { timeoutMs, idleMs, asked, ended };
    const session: OpenEnvSession = new OpenEnvSession(connection, this.#factory, options);
    this.#sessions.add(session);
  }

  /** Ends all sessions. @param reason sent to every peer */
  async end(reason: unknown): Promise<void> {
    await Promise.all(Array.from(this.#sessions, (session) => session.end(reason)));
  }
}
