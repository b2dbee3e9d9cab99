import type { Connection } from '../net/socket/connection.ts';
import type { OpenEnvError } from './open-env-errors.ts';

/** How long a client that says nothing may take to read why. */
const READ_MS = 1000;

/**
 * Says why nothing will come of a connection and closes it once its client has spoken: OpenEnv's own
 * client sends before it reads, and on a closed connection would never see the reason.
 * @param spoken whether it has already
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
