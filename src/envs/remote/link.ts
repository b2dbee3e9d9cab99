import type { Closed } from '../net/socket/closed.ts';

/** What carries messages to environments and back: a socket, or a port of a worker thread. */
export interface Link {
  /** Who is given each message, as it came and not yet checked. */
  set onMessage(listener: (message: unknown) => void);
  /** Who is told of the end, at once where it is over already. */
  set onClose(listener: (closed: Closed) => void);
  readonly open: boolean;
  /** Bytes of a frame that the other side takes. */
  readonly peerTakes: number;
  send(...messages: object[]): void;
  close(code?: number, reason?: string): void;
}
