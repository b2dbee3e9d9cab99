import { WebSocket } from 'ws';
import type { Codec } from '../wire/codec.ts';
import { Connection, defaultConnectionLimits } from './connection.ts';

export interface DialOptions {
  token?: string;
  /** How long it may take to be connected, in ms. */
  timeoutMs?: number;
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
 * @throws DialError where it does not answer, or refuses
 */
export function dial(
  url: string,
  codec: Codec,
  { token, timeoutMs = 10_000 }: DialOptions = {},
): Promise<Connection> {
  return new Promise((resolve, reject) => {
    const socket = new WebSocket(url, codec.subprotocol ? [codec.subprotocol] : [], {
      perMessageDeflate: false,
      maxPayload: MAX_PAYLOAD,
      headers: token === undefined ? {} : { Authorization: `Bearer ${token}` },
    });
    // In all, since something may always be coming that never is an answer.
    const late = setTimeout(() => {
      reject(new DialError(`${url}: no answer within ${timeoutMs} ms`, true));
      socket.terminate();
    }, timeoutMs);
    socket.once('open', () => {
      clearTimeout(late);
      // Listened to before anything can come.
      const connection = new Connection(socket, codec, {
        ...defaultConnectionLimits,
        maxPayload: MAX_PAYLOAD,
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
        clearTimeout(late);
        request.destroy();
        const status = response.statusCode ?? 0;
        reject(new DialError(`${url}: ${refusal(status, body)}`, status >= 500 || status === 429));
      });
    });
    socket.on('error', (cause) => {
      clearTimeout(late);
      const { code } = cause as NodeJS.ErrnoException;
      const hopeless = code === 'ENOTFOUND' || cause instanceof SyntaxError;
      reject(new DialError(`${url}: ${cause.message || code}`, !hopeless, { cause }));
    });
  });
}

/** What a server may send us. */
const MAX_PAYLOAD = 64 * 2 ** 20;
function refusal(status: number, body: string): string {
  try {
    const { code, message } = JSON.parse(body);
    if (typeof code === 'string') return `${code}: ${message}`;
  } catch {
    // Some other server's page.
  }
  return `refused with HTTP ${status}`;
}
