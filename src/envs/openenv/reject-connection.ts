import type { Connection } from '../net/socket/connection.ts';
import type { OpenEnvError } from './open-env-errors.ts';

/** The wait for a client that sends nothing, in ms. */
const READ_MS = 1000;

/**
 * Sends the reason of a rejection, and closes the connection once its client has sent a message: OpenEnv's own client
 * sends before it reads, and would not see the reason on a closed connection.
 * @param spoken whether it has sent one already
 */
export function rejectConnection(
  connection: Connection,
  error: OpenEnvError,
  spoken = false,
): void {
  const { code } = error;
  const close = () => connection.close(code === 'CAPACITY_REACHED' ? 1013 : 1011, code);
  connection.send(error.frame);
  if (spoken) {
    close();
    return;
  }
  connection.onMessage = close;
  setTimeout(close, READ_MS).unref();
}
