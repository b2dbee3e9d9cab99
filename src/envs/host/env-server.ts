import type { EnvFactory } from '../env.ts';
import type { Connection } from '../socket/connection.ts';
import { awaitHello } from '../socket/handshake.ts';
import { SocketServer, type SocketServerOptions } from '../socket/server.ts';
import { WireError } from '../wire/errors.ts';
import { type EnvDescription, type Hello, type Welcome, WIRE_VERSION } from '../wire/messages.ts';
import { EnvHost } from './env-host.ts';
import { EnvMetrics } from './env-metrics.ts';
import { envPages } from './env-pages.ts';
import { Session } from './session.ts';

export interface EnvServerOptions extends SocketServerOptions {
  /** What the environments are called. */
  id: string;
  /** Environments at once, over all sessions. */
  capacity?: number;
  /** How long a session outlives its connection, in ms. */
  graceMs?: number;
  /** How long a session may be asked nothing, in ms. */
  idleMs?: number;
  /** How long one reset or step of an asynchronous environment may take, in ms. */
  timeoutMs?: number;
}

/** Serves environments: each session has its own (docs/protocol.md). */
export class EnvServer {
  readonly #factory: EnvFactory;
  readonly #options: Required<
    Pick<EnvServerOptions, 'id' | 'capacity' | 'graceMs' | 'idleMs' | 'timeoutMs'>
  >;
  readonly #description: EnvDescription;
  readonly #metrics: EnvMetrics;
  readonly #sessions = new Map<string, Session>();
  /** Environments made or being made. */
  #taken = 0;
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
    this.#options = { id, capacity, graceMs, idleMs, timeoutMs };
    this.#description = description;
    this.#metrics = new EnvMetrics(() => ({
      sessions: this.#sessions.size,
      envs: this.#taken,
      connections: this.#server.connections,
    }));
  }

  /** @throws Error where an environment cannot be made, or the address cannot be had */
  static async listen(factory: EnvFactory, options: EnvServerOptions): Promise<EnvServer> {
    const { id, timeoutMs = 60_000 } = options;
    const probe = await EnvHost.create(factory, 1, { id, timeoutMs });
    const { description } = probe;
    await probe.close();
    const envs = new EnvServer(factory, options, description);
    const connect = (connection: Connection) =>
      awaitHello(connection, 'trainer', (hello) => envs.#welcome(connection, hello));
    const pages = envPages(description, () => envs.status, envs.#metrics);
    envs.#server = await SocketServer.listen(options, [{ path: ENV_PATH, connect }], pages);
    return envs;
  }

  /** Where trainers connect. */
  get url(): string {
    return this.#server.url(ENV_PATH);
  }

  get status() {
    const { capacity } = this.#options;
    return { status: 'healthy', sessions: this.#sessions.size, envs: this.#taken, capacity };
  }

  async close(): Promise<void> {
    this.#closing = true;
    const going = new WireError('SHUTTING_DOWN', 'this server is going');
    await Promise.all(Array.from(this.#sessions.values(), (session) => session.end(going)));
    await this.#server.close();
  }

  async #welcome(connection: Connection, hello: Hello): Promise<void> {
    const session = hello.resume ? this.#resume(hello.resume) : await this.#begin(hello);
    const { graceMs } = this.#options;
    const welcome: Welcome = {
      t: 'welcome',
      v: WIRE_VERSION,
      session: session.id,
      token: session.token,
      resumed: hello.resume !== undefined,
      limits: {
        maxPayload: this.#server.limits.maxPayload,
        graceMs,
        heartbeatMs: this.#server.heartbeatMs,
      },
      numEnvs: session.host.count,
      env: this.#description,
    };
    // First, since replies may follow at once.
    connection.send(welcome);
    session.attach(connection);
  }

  #resume({ session: id, token }: NonNullable<Hello['resume']>): Session {
    const session = this.#sessions.get(id);
    if (session?.admits(token)) return session;
    throw new WireError('SESSION_EXPIRED', 'resume: there is no such session');
  }

  async #begin({ numEnvs = 1 }: Hello): Promise<Session> {
    const { capacity, id, timeoutMs } = this.#options;
    const count = Math.min(numEnvs, capacity - this.#taken);
    if (count <= 0) {
      const message = `all ${capacity} environments are taken`;
      throw new WireError('CAPACITY_REACHED', message);
    }
    this.#taken += count;
    let host: EnvHost;
    try {
      host = await EnvHost.create(this.#factory, count, { id, timeoutMs });
    } catch (error) {
      this.#taken -= count;
      throw error;
    }
    if (this.#closing) {
      await host.close();
      throw new WireError('SHUTTING_DOWN', 'this server is going');
    }
    const session: Session = new Session(host, this.#options, {
      asked: (request) => this.#metrics.count(request),
      ended: () => {
        this.#taken -= count;
        this.#sessions.delete(session.id);
      },
    });
    this.#sessions.set(session.id, session);
    return session;
  }
}

const ENV_PATH = '/v1/env';
