import type { WebSocket } from 'ws';
import {
  type Checks,
  checkOptions,
  duration,
  finiteDuration,
  integer,
  text,
} from '../common/options.ts';
import type { EnvFactory } from '../contract/env.ts';
import { Capacity } from '../hosting/capacity.ts';
import type { Connection } from '../net/socket/connection.ts';
import { awaitHello } from '../net/socket/handshake.ts';
import {
  SocketServer,
  type SocketServerOptions,
  serverChecks,
} from '../net/socket/socket-server.ts';
import { resumed } from '../net/socket/ticket.ts';
import {
  type EnvDescription,
  type Hello,
  type Welcome,
  WIRE_VERSION,
} from '../net/wire/messages.ts';
import { WireError } from '../net/wire/wire-error.ts';
import { OpenEnvSessions } from '../openenv/open-env-sessions.ts';
import { EnvHost } from './env-host.ts';
import { EnvMetrics } from './env-metrics.ts';
import { envPages } from './env-pages.ts';
import { Session } from './env-session.ts';

/** The address of a server of environments, and its limits. */
export interface EnvServerOptions extends SocketServerOptions {
  /** The name of the environments. */
  id: string;
  /** The most environments at a time, over all sessions; default 1024. */
  capacity?: number;
  /** How long a session waits for its connection to come back, in ms; default 60,000. */
  graceMs?: number;
  /** How long a session may go without a request, in ms; default 3,600,000. */
  idleMs?: number;
  /** The longest time for an asynchronous reset or step, in ms; default 60,000. */
  timeoutMs?: number;
}

const envServerChecks: Checks<EnvServerOptions> = {
  ...serverChecks,
  id: text,
  capacity: integer(1),
  // Finite, since the welcome carries it.
  graceMs: finiteDuration,
  idleMs: duration,
  timeoutMs: duration,
};

/**
 * A server of environments over WebSocket (docs/remote.md; its protocol: docs/protocol.md). Each session gets
 * environments of its own. A config connects to it by `env.url`.
 *
 * ```ts
 * import { EnvServer, makeEnv } from 'pondera';
 *
 * const server = await EnvServer.listen(() => makeEnv('CartPole-v1'), { id: 'CartPole-v1', port: 8765 });
 * console.log(server.url);
 * process.once('SIGINT', () => server.close());
 * ```
 */
export class EnvServer {
  readonly #factory: EnvFactory;
  readonly #options: Required<Pick<EnvServerOptions, 'id' | 'graceMs' | 'idleMs' | 'timeoutMs'>>;
  readonly #description: EnvDescription;
  readonly #metrics: EnvMetrics;
  readonly #sessions = new Map<string, Session>();
  readonly #openEnv: OpenEnvSessions;
  /** Counts environments that are made or being made. */
  readonly #room: Capacity;
  #server!: SocketServer;
  #closing = false;

  private constructor(factory: EnvFactory, options: EnvServerOptions, description: EnvDescription) {
    const {
      id,
      capacity = 1024,
      graceMs = 60_000,
      idleMs = 3_600_000,
      timeoutMs = 60_000,
    } = options;
    this.#factory = factory;
    this.#options = { id, graceMs, idleMs, timeoutMs };
    this.#room = new Capacity(capacity);
    this.#description = description;
    this.#metrics = new EnvMetrics(() => ({
      sessions: this.#sessions.size + this.#openEnv.count,
      envs: this.#room.taken,
      connections: this.#server.connections,
    }));
    this.#openEnv = new OpenEnvSessions(factory, {
      room: this.#room,
      timeoutMs,
      idleMs,
      asked: (verb) => this.#metrics.count(verb, 1),
      onFault: options.onFault,
    });
  }

  /**
   * Starts a server. It makes one environment first, to learn the spaces.
   * @param factory makes one environment
   * @throws Error where an environment cannot be made, or the address is in use; RangeError for an unknown option
   */
  static async listen(factory: EnvFactory, options: EnvServerOptions): Promise<EnvServer> {
    checkOptions('EnvServer.listen', options, envServerChecks);
    const { id, timeoutMs = 60_000 } = options;
    const probe = await EnvHost.create(factory, 1, { id, timeoutMs });
    const { description } = probe;
    await probe.close();
    const envs = new EnvServer(factory, options, description);
    const connect = (connection: Connection) =>
      awaitHello(connection, 'trainer', (hello) => envs.#welcome(connection, hello));
    const socket = (socket: WebSocket) => envs.#openEnv.begin(socket, envs.#server.limits);
    const pages = envPages(description, () => envs.status, envs.#metrics);
    const endpoints = [
      { path: ENV_PATH, connect },
      { path: OPENENV_PATH, socket },
    ];
    envs.#server = await SocketServer.listen(options, endpoints, pages);
    return envs;
  }

  /** The URL that trainers connect to. */
  get url(): string {
    return this.#server.url(ENV_PATH);
  }

  /** The counts of its page `/health`. */
  get status() {
    const sessions = this.#sessions.size + this.#openEnv.count;
    const { taken: envs, total: capacity } = this.#room;
    return { status: 'healthy', sessions, envs, capacity };
  }

  /** Ends every session and stops listening. */
  async close(): Promise<void> {
    this.#closing = true;
    const going = new WireError('SHUTTING_DOWN', 'the server is shutting down');
    const ours = Array.from(this.#sessions.values(), (session) => session.end(going));
    await Promise.all([...ours, this.#openEnv.end(going)]);
    await this.#server.close();
  }

  async #welcome(connection: Connection, hello: Hello): Promise<void> {
    const session = hello.resume ? resumed(this.#sessions, hello.resume) : await this.#begin(hello);
    const { graceMs } = this.#options;
    const welcome: Welcome = {
      t: 'welcome',
      v: WIRE_VERSION,
      ...session.ticket,
      resumed: hello.resume !== undefined,
      limits: {
        maxPayload: this.#server.limits.maxPayload,
        graceMs,
        heartbeatMs: this.#server.heartbeatMs,
      },
      numEnvs: session.host.count,
      env: this.#description,
    };
    // The welcome first, since replies may follow at once.
    connection.send(welcome);
    session.attach(connection);
  }

  async #begin({ numEnvs = 1 }: Hello): Promise<Session> {
    const { id, timeoutMs } = this.#options;
    const count = this.#room.take(numEnvs);
    if (count === 0) {
      const message = `all ${this.#room.total} environments are taken`;
      throw new WireError('CAPACITY_REACHED', message);
    }
    let host: EnvHost;
    try {
      host = await EnvHost.create(this.#factory, count, { id, timeoutMs });
    } catch (error) {
      this.#room.giveBack(count);
      throw error;
    }
    if (this.#closing) {
      await host.close();
      throw new WireError('SHUTTING_DOWN', 'the server is shutting down');
    }
    const session: Session = new Session(host, this.#options, {
      asked: ({ t, envs }) => this.#metrics.count(t, envs.length),
      ended: () => {
        this.#room.giveBack(count);
        this.#sessions.delete(session.ticket.session);
      },
    });
    this.#sessions.set(session.ticket.session, session);
    return session;
  }
}

const ENV_PATH = '/v1/env';
const OPENENV_PATH = '/ws';
