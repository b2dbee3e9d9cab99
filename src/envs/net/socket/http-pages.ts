import type { IncomingMessage } from 'node:http';
import type { Registry } from 'prom-client';
import { WireError } from '../wire/wire-error.ts';

/** An HTTP route of a `SocketServer`. */
export interface Page {
  /** The path, such as `/health`. */
  path: string;
  /** The method; default `GET`. */
  method?: 'POST';
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
  /** The body. */
  data: string | Uint8Array;
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

/** Reads a request to a page. @throws WireError TOO_LARGE */
export async function asked(request: IncomingMessage): Promise<PageRequest> {
  const [, query = ''] = (request.url ?? '').split('?', 2);
  const posted = request.method === 'POST' ? await textOf(request) : '';
  return { query: new URLSearchParams(query), posted };
}

/** The most bytes of a POST's body. */
const MAX_POSTED = 64 * 2 ** 10;

async function textOf(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > MAX_POSTED) throw new WireError('TOO_LARGE', `body: more than ${MAX_POSTED} bytes`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString();
}
