import type { z } from 'zod';
import { inTime } from '../../common/timers.ts';
import {
  answer,
  type Hello,
  opening,
  readMessage,
  type Welcome,
  WIRE_VERSION,
} from '../wire/messages.ts';
import { WireError } from '../wire/wire-error.ts';
import { explainClosed } from './closed.ts';
import type { Connection } from './connection.ts';

/** Milliseconds that a client may take to send its hello. */
const HELLO_MS = 5000;

/** The expected time between a server's pings until `welcome` states it, in ms. */
const PING_MS = 15_000;

/** How long a client waits for the answer to its hello. */
export interface Patience {
  /** The longest time until `welcome`, in ms; default: no limit while the server pings. */
  welcomeMs?: number;
  /** The longest silence until `welcome`, in ms: a server that makes environments may ping late. */
  silentMs?: number;
}

/** The role of a client. */
export type Role = Hello['role'];

/**
 * Waits for the hello of a client; another message ends the connection with its code.
 * @param role the role that the client must have
 * @param welcomed receives the hello and answers it; an error of it ends the connection
 */
export function awaitHello(
  connection: Connection,
  role: Role,
  welcomed: (hello: Hello) => void | Promise<void>,
): void {
  const late = setTimeout(() => {
    connection.fail(
      new WireError('HELLO_TIMEOUT', `hello: expected a message within ${HELLO_MS} ms, got none`),
    );
  }, HELLO_MS);
  late.unref();
  connection.onClose = () => clearTimeout(late);
  connection.onMessage = (message) => {
    clearTimeout(late);
    const hello = readMessage(opening, message);
    if (hello.v !== WIRE_VERSION) {
      throw new WireError('VERSION', `hello.v: expected ${WIRE_VERSION}, got ${hello.v}`);
    }
    if (hello.role !== role) {
      throw new WireError('BAD_MESSAGE', `hello.role: expected ${role} here, got ${hello.role}`);
    }
    connection.onMessage = () => {
      throw new WireError('BAD_MESSAGE', 'message: expected none before welcome');
    };
    void Promise.resolve(welcomed(hello))
      .then(() => connection.trust())
      .catch((error) => connection.fail(error));
  };
}

/**
 * Sends a client's hello and waits for the server's welcome.
 * @throws WireError with the server's code, or with that of a fault in its answer
 */
export function sayHello(
  connection: Connection,
  hello: z.input<typeof opening>,
  { welcomeMs = Infinity, silentMs = 0 }: Patience = {},
): Promise<Welcome> {
  const welcome = new Promise<Welcome>((resolve, reject) => {
    connection.onClose = (closed) =>
      reject(closed.fault ?? new WireError('INTERNAL', `${explainClosed(closed)}, before welcome`));
    connection.onMessage = (message) => {
      try {
        const reply = readMessage(answer, message);
        if (reply.t === 'error') throw new WireError(reply.code, reply.message);
        connection.expectPings(reply.limits.heartbeatMs);
        connection.peerTakes = reply.limits.maxPayload;
        connection.hold();
        resolve(reply);
      } catch (error) {
        reject(error);
        connection.close(1002);
      }
    };
    connection.expectPings(PING_MS, silentMs);
    connection.send(hello);
  });
  return inTime(welcome, welcomeMs, () => {
    connection.close();
    return new WireError('INTERNAL', `no welcome within ${welcomeMs} ms`);
  });
}
