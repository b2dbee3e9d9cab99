import type { z } from 'zod';
import { WireError } from '../wire/errors.ts';
import {
  answer,
  type Hello,
  opening,
  readMessage,
  type Welcome,
  WIRE_VERSION,
} from '../wire/messages.ts';
import type { Connection } from './connection.ts';

/** How long whoever dials may take to say hello. */
const HELLO_MS = 5000;

/** How often whoever accepts is expected to ping until `welcome` says it, in ms. */
const PING_MS = 15_000;

/** A role that may come to an endpoint. */
export type Role = Hello['role'];

/**
 * Waits for the hello of whoever dialled; what is none ends the connection with its code.
 * @param welcomed called with it, to answer; what it throws is told
 */
export function awaitHello(
  connection: Connection,
  role: Role,
  welcomed: (hello: Hello) => void | Promise<void>,
): void {
  const late = setTimeout(() => {
    connection.fail(new WireError('HELLO_TIMEOUT', `hello: expected within ${HELLO_MS} ms`));
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
 * Says hello to whoever was dialled.
 * @throws WireError with the code it answered, or BAD_MESSAGE where it answered something else
 */
export function sayHello(connection: Connection, hello: z.input<typeof opening>): Promise<Welcome> {
  return new Promise((resolve, reject) => {
    connection.onClose = ({ code, reason }) =>
      reject(new WireError('INTERNAL', `closed with ${code} before welcome: ${reason}`));
    connection.onMessage = (message) => {
      try {
        const said = readMessage(answer, message);
        if (said.t === 'error') throw new WireError(said.code, said.message);
        connection.expectPings(said.limits.heartbeatMs);
        connection.hold();
        resolve(said);
      } catch (error) {
        reject(error);
        connection.close(1002);
      }
    };
    connection.expectPings(PING_MS);
    connection.send(hello);
  });
}
