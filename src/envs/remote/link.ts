import type { Closed } from '../net/socket/closed.ts';

/** A channel of messages to environments and back: a socket, or a port of a worker thread. */
export interface Link {
  /** Receives each message, decoded but not validated. */
  set onMessage(listener: (message: unknown) => void);
  /** Receives the end; at once where it has ended already. */
  set onClose(listener: (closed: Closed) => void);
  readonly open: boolean;
  /** The most bytes of a frame that the other side accepts. */
  readonly peerTakes: number;
  send(...messages: object[]): void;
  close(code?: number, reason?: string): void;
}
