import { type Closed, explainClosed, isPassing } from '../net/socket/closed.ts';
import type { Connection } from '../net/socket/connection.ts';
import { awaitHello } from '../net/socket/handshake.ts';
import { SocketServer, type SocketServerOptions } from '../net/socket/socket-server.ts';
import { newTicket, resumed, type Ticket } from '../net/socket/ticket.ts';
import { DIALLER_TAKES } from '../net/wire/fit.ts';
import { type Hello, WIRE_VERSION } from '../net/wire/messages.ts';
import { WireError } from '../net/wire/wire-error.ts';
import type { RemoteEnvGroup } from './remote-env-group.ts';
import { MOST_BREACHES, TrainerSession } from './trainer-session.ts';

/** A session of environments that have connected. */
interface DialedSession {
  ticket: Ticket;
  session: TrainerSession;
  connection: Connection | undefined;
  /** The environments that no group uses yet. */
  free: Set<number>;
  /** The groups that have some of them. */
  groups: Set<RemoteEnvGroup>;
  grace: NodeJS.Timeout | undefined;
}

/** The most environments at a time, connected or disconnected for a while. */
const MOST_ENVS = 65_536;
/** How long a session waits for its connection to come back, in ms. */
const GRACE_MS = 60_000;
/** Time between checks for overdue answers, in ms. */
const LOOK_MS = 500;

/**
 * A port that environments connect to (docs/protocol.md, `/v1/trainer`). They take the vacant seats of groups; further
 * ones wait for a seat.
 */
export class Listener {
  readonly #groups: { group: RemoteEnvGroup; timeoutMs: number }[] = [];
  readonly #guests = new Map<string, DialedSession>();
  #server!: SocketServer;
  readonly #look = setInterval(() => this.#checkTime(), LOOK_MS);

  static async listen(options: SocketServerOptions): Promise<Listener> {
    const listener = new Listener();
    const connect = (connection: Connection) =>
      awaitHello(connection, 'env', (hello) => listener.#welcome(connection, hello));
    try {
      const onFault = (error: unknown) => process.emitWarning(error as Error);
      // After the handshake the limits are those of a server that the trainer connects to.
      const takes = { maxPayload: DIALLER_TAKES, ...options, onFault };
      listener.#server = await SocketServer.listen(takes, [{ path: TRAINER_PATH, connect }]);
    } catch (error) {
      clearInterval(listener.#look);
      throw error;
    }
    return listener;
  }

  get url(): string {
    return this.#server.url(TRAINER_PATH);
  }

  /** Stops listening, and ends all sessions. */
  async close(): Promise<void> {
    clearInterval(this.#look);
    await this.#server.close();
    for (const { grace } of this.#guests.values()) clearTimeout(grace);
  }

  /** Fills the seats of a group, as environments come. */
  add(group: RemoteEnvGroup, timeoutMs: number): void {
    this.#groups.push({ group, timeoutMs });
    this.#fill();
  }

  /** Takes the environments of a group back, for other groups. */
  remove(group: RemoteEnvGroup): void {
    this.#groups.splice(
      this.#groups.findIndex((entry) => entry.group === group),
      1,
    );
    for (const { session, env } of group.close()) {
      const guest = [...this.#guests.values()].find((other) => other.session === session);
      guest?.groups.delete(group);
      guest?.free.add(env);
    }
    this.#fill();
  }

  #welcome(connection: Connection, hello: Hello): void {
    const guest = hello.resume ? resumed(this.#guests, hello.resume) : this.#admit(hello);
    clearTimeout(guest.grace);
    guest.connection?.fail(new WireError('SESSION_REPLACED', 'session: resumed elsewhere'));
    guest.connection = connection;
    connection.send({
      t: 'welcome',
      v: WIRE_VERSION,
      ...guest.ticket,
      resumed: hello.resume !== undefined,
      limits: {
        maxPayload: this.#server.limits.maxPayload,
        graceMs: GRACE_MS,
        heartbeatMs: this.#server.heartbeatMs,
      },
    });
    connection.onMessage = (message) => {
      const answered = guest.session.receive(message);
      if (answered !== undefined) guest.session.wait(answered, performance.now());
    };
    guest.session.attach(connection);
    this.#fill();
    connection.onClose = (closed) => this.#detach(guest, connection, closed);
  }

  #admit({ env, numEnvs = 1 }: Hello): DialedSession {
    if (env === undefined) throw new WireError('BAD_MESSAGE', 'hello.env: expected a description');
    for (const { group } of this.#groups) group.check(env);
    const taken = [...this.#guests.values()].reduce((sum, { session }) => sum + session.count, 0);
    if (taken + numEnvs > MOST_ENVS) {
      throw new WireError('CAPACITY_REACHED', `more than ${MOST_ENVS} environments`);
    }
    const guest: DialedSession = {
      ticket: newTicket(),
      session: new TrainerSession(env, numEnvs),
      connection: undefined,
      free: new Set(Array.from({ length: numEnvs }, (_, env) => env)),
      groups: new Set(),
      grace: undefined,
    };
    this.#guests.set(guest.ticket.session, guest);
    return guest;
  }

  #detach(guest: DialedSession, connection: Connection, closed: Closed): void {
    if (guest.connection !== connection) return;
    guest.connection = undefined;
    guest.session.detach();
    const reason = explainClosed(closed);
    if (closed.code === 1000) this.#lose(guest, 'it has left');
    else if (!isPassing(closed) && guest.session.breach() > MOST_BREACHES) {
      this.#lose(guest, `${reason}, ${MOST_BREACHES + 1} times in a row`);
    } else guest.grace = setTimeout(() => this.#lose(guest, `it is gone: ${reason}`), GRACE_MS);
  }

  #lose(guest: DialedSession, reason: string): void {
    clearTimeout(guest.grace);
    this.#guests.delete(guest.ticket.session);
    guest.connection?.close(1001);
    guest.connection = undefined;
    for (const group of guest.groups)
      group.lose(guest.session, `${guest.session.description.id}: ${reason}`);
    this.#fill();
  }

  /** Gives free environments to vacant seats, both in the order in which they came. */
  #fill(): void {
    for (const { group } of this.#groups) {
      const vacant = group.vacant;
      for (const guest of this.#guests.values()) {
        if (vacant.length === 0) break;
        // An environment may still perform a request of a group that has closed.
        const ready = [...guest.free].filter((env) => guest.session.idle(env));
        const envs = guest.connection ? ready.slice(0, vacant.length) : [];
        if (envs.length === 0) continue;
        for (const env of envs) guest.free.delete(env);
        guest.groups.add(group);
        group.place(
          guest.session,
          envs.map((env) => ({ seat: vacant.shift()!, env })),
        );
      }
    }
  }

  #checkTime(): void {
    const timeoutMs = Math.min(...this.#groups.map((entry) => entry.timeoutMs));
    for (const guest of this.#guests.values()) {
      const since = guest.session.waitingSince;
      if (since === undefined || performance.now() - since < timeoutMs) continue;
      this.#lose(guest, `no answer within ${timeoutMs} ms`);
    }
    this.#fill();
  }
}

const TRAINER_PATH = '/v1/trainer';
