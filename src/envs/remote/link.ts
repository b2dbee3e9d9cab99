import type { Closed } from '../socket/connection.ts';

/** What carries messages to environments and back: a socket, or a port of a worker thread. */
export interface Link {
  /** Who is given each message, as it came and not yet checked. */
  set onMessage(listener: (message: unknown) => void);
  onClose: (closed: Closed) => void;
  readonly open: boolean;
  send(message: object): void;
  close(code?: number, reason?: string): void;
}
