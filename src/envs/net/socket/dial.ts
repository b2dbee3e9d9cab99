import { WebSocket } from 'ws';
import { after } from '../../common/timers.ts';
import type { Codec } from '../wire/codec.ts';
import { DIALLER_TAKES } from '../wire/fit.ts';
import { Connection, defaultConnectionLimits } from './connection.ts';

/** The token of a server, and how long to wait for it. */
export interface DialOptions {
  /** The server's token, where it wants one. */
  token?: string;
  /** The longest time to connect, in ms; default 10,000. */
  timeoutMs?: number;
  /** Abort it to give up. */
  signal?: AbortSignal;
}

/** Says that a server does not answer, or refuses the connection; the message has the server's code, if it sent one. */
export class DialError extends Error {
  override readonly name = 'DialError';
  /** Whether a later attempt may succeed. */
  readonly retryable: boolean;

  /**
   * Makes an error.
   * @param retryable whether a later attempt may succeed
   */
  constructor(message: string, retryable: boolean, options?: ErrorOptions) {
    super(message, options);
    this.retryable = retryable;
  }
}

/**
 * Connects to a server.
 * @param url such as `ws://127.0.0.1:8765/v1/env`
 * @param codec the encoding of messages
 * @throws DialError where the server does not answer, or refuses; the signal's reason where it is aborted
 */
export function dial(
  url: string,
  codec: Codec,
  { token, timeoutMs = 10_000, signal }: DialOptions = {},
): Promise<Connection> {
  return new Promise((resolve, reject) => {
    signal?.throwIfAborted();
    const socket = new WebSocket(url, codec.subprotocol ? [codec.subprotocol] : [], {
      perMessageDeflate: false,
      maxPayload: DIALLER_TAKES,
      headers: token === undefined ? {} : { Authorization: `Bearer ${token}` },
    });
    // A limit on the whole time, since a server may keep sending without ever answering.
    const late = after(timeoutMs, () => {
      reject(new DialError(`${url}: no answer within ${timeoutMs} ms`, true));
      socket.terminate();
    });
    const giveUp = () => {
      reject(signal!.reason);
      socket.terminate();
    };
    signal?.addEventListener('abort', giveUp, { once: true });
    socket.once('close', () => signal?.removeEventListener('abort', giveUp));
    socket.once('open', () => {
      late.stop();
      signal?.removeEventListener('abort', giveUp);
      // The connection must listen before the first frame can arrive.
      const connection = new Connection(socket, codec, {
        ...defaultConnectionLimits,
        maxPayload: DIALLER_TAKES,
      });
      connection.trust();
      resolve(connection);
    });
    socket.once('unexpected-response', (request, response) => {
      let body = '';
      response.on('data', (chunk) => {
        if (body.length < 10_000) body += chunk;
      });
      // `close` and not `end`, which does not come after an interrupted response.
      response.on('close', () => {
        late.stop();
        request.destroy();
        const status = response.statusCode ?? 0;
        reject(new DialError(`${url}: ${refusal(status, body)}`, status >= 500 || status === 429));
      });
    });
    socket.on('error', (cause) => {
      late.stop();
      const { code } = cause as NodeJS.ErrnoException;
      const hopeless = code === 'ENOTFOUND' || cause instanceof SyntaxError;
      reject(new DialError(`${url}: ${cause.message || code}`, !hopeless, { cause }));
    });
  });
}

function refusal(status: number, body: string): string {
  try {
    const { code, message } = JSON.parse(body);
    if (typeof code === 'string') return `${code}: ${message}`;
  } catch {
    // The page of some other server.
  }
  return `refused with HTTP ${status}`;
}
