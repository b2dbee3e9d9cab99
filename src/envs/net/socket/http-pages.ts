import type { IncomingMessage } from 'node:http';
import type { Registry } from 'prom-client';
import { WireError } from '../wire/wire-error.ts';

/** What is answered over HTTP. */
export interface Page {
  path: string;
  /** GET unless given. */
  method?: 'POST';
  /** Shown without a token. */
  open?: boolean;
  body: (asked: PageRequest) => Promise<PageAnswer> | PageAnswer;
}

/** What a page is asked for beside its path. */
export interface PageRequest {
  query: URLSearchParams;
  /** What was sent with a POST. */
  posted: string;
}

export interface PageAnswer {
  /** The media type. */
  type: string;
  data: string | Uint8Array;
  /** The HTTP status; 200 unless given. */
  status?: number;
  headers?: Readonly<Record<string, string>>;
}

export function jsonAnswer(value: unknown, status?: number): PageAnswer {
  return { type: 'application/json', data: JSON.stringify(value), status };
}

/** A page of JSON. @param open shown without a token */
export function jsonPage(path: string, value: () => unknown, open = false): Page {
  return { path, open, body: () => jsonAnswer(value()) };
}

/** `/metrics`, as Prometheus reads it. */
export function metricsPage(registry: Registry): Page {
  const body = async () => ({ type: registry.contentType, data: await registry.metrics() });
  return { path: '/metrics', body };
}

/** What a request asks a page for. @throws WireError TOO_LARGE */
export async function asked(request: IncomingMessage): Promise<PageRequest> {
  const [, query = ''] = (request.url ?? '').split('?', 2);
  const posted = request.method === 'POST' ? await textOf(request) : '';
  return { query: new URLSearchParams(query), posted };
}

/** Bytes of a POST. */
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
