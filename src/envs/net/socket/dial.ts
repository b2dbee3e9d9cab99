import { WebSocket } from 'ws';
import { after } from '../../common/timers.ts';
import type { Codec } from '../wire/codec.ts';
import { DIALLER_TAKES } from '../wire/fit.ts';
import { Connection, defaultConnectionLimits } from './connection.ts';

export interface DialOptions {
  token?: string;
  /** How long it may take to be connected, in ms. */
  timeoutMs?: number;
  /** Aborting it gives up. */
  signal?: AbortSignal;
}

/** It refused before the upgrade: `code` as in docs/protocol.md where it said one. */
export class DialError extends Error {
  override readonly name = 'DialError';
  /** Whether there is hope that a later attempt goes better. */
  readonly retryable: boolean;

  constructor(message: string, retryable: boolean, options?: ErrorOptions) {
    super(message, options);
    this.retryable = retryable;
  }
}

/**
 * Connects to a server.
 * @throws DialError where it does not answer, or refuses; the signal's reason where that gives up
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
    // In all, since something may always be coming that never is an answer.
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
      // Listened to before anything can come.
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
      // Not `end`: what is cut off has none.
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
    // Some other server's page.
  }
  return `refused with HTTP ${status}`;
}
