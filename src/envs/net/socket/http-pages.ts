import type { IncomingMessage } from 'node:http';
import type { Registry } from 'prom-client';
import { inTime } from '../../common/timers.ts';
import { WireError } from '../wire/wire-error.ts';

/** An HTTP route of a `SocketServer`. */
export interface Page {
  /** The path, such as `/health`. */
  path: string;
  /** The method; default `GET`. */
  method?: 'POST';
  /** The most bytes of the body of a POST; default 64 KiB. */
  maxPosted?: number;
  /** Whether it needs no token; default `false`. */
  open?: boolean;
  /** Answers a request. */
  body: (asked: PageRequest) => Promise<PageAnswer> | PageAnswer;
}

/** A request to a `Page`. */
export interface PageRequest {
  /** The query of the URL. */
  query: URLSearchParams;
  /** The body of a POST; otherwise empty. */
  posted: string;
}

/** The answer of a `Page`. */
export interface PageAnswer {
  /** The media type, such as `application/json`. */
  type: string;
  /** The body; pieces of one are sent as they come, each once the one before has left this process. */
  data: string | Uint8Array | AsyncIterable<string>;
  /** The HTTP status; default 200. */
  status?: number;
  /** Other HTTP headers. */
  headers?: Readonly<Record<string, string>>;
}

/**
 * An answer of JSON.
 * @internal
 */
export function jsonAnswer(value: unknown, status?: number): PageAnswer {
  return { type: 'application/json', data: JSON.stringify(value), status };
}

/**
 * A page of JSON.
 * @param open whether it needs no token
 * @internal
 */
export function jsonPage(path: string, value: () => unknown, open = false): Page {
  return { path, open, body: () => jsonAnswer(value()) };
}

/**
 * The page `/metrics` for Prometheus.
 * @internal
 */
export function metricsPage(registry: Registry): Page {
  const body = async () => ({ type: registry.contentType, data: await registry.metrics() });
  return { path: '/metrics', body };
}

/** Reads a request to a page. @throws WireError TOO_LARGE or BODY_TIMEOUT */
export async function asked(
  request: IncomingMessage,
  { maxPosted = MAX_POSTED }: Pick<Page, 'maxPosted'>,
): Promise<PageRequest> {
  const [, query = ''] = (request.url ?? '').split('?', 2);
  const late = () =>
    new WireError('BODY_TIMEOUT', `body: expected its end within ${BODY_MS} ms, got none`);
  const posted =
    request.method === 'POST' ? await inTime(textOf(request, maxPosted), BODY_MS, late) : '';
  return { query: new URLSearchParams(query), posted };
}

/** The default of the most bytes of a POST's body. */
const MAX_POSTED = 64 * 2 ** 10;
/** The longest time for the body of a POST to arrive, in ms. */
const BODY_MS = 10_000;

function textOf(request: IncomingMessage, most: number): Promise<string> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    let size = Number(request.headers['content-length'] ?? 0);
    const tooLarge = () => reject(new WireError('TOO_LARGE', `body: more than ${most} bytes`));
    if (size > most) return tooLarge();
    size = 0;
    // An iterator would destroy the request, and with it the connection, before the answer.
    request.on('data', (chunk: Buffer) => {
      size += chunk.length;
      if (size <= most) return void chunks.push(chunk);
      chunks.length = 0;
      request.pause();
      tooLarge();
    });
    request.once('end', () => resolve(Buffer.concat(chunks).toString()));
    const broken = () => reject(new WireError('BAD_MESSAGE', 'body: it broke off'));
    request.once('error', broken);
    request.once('close', broken);
  });
}
