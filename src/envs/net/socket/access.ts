import { createHash, timingSafeEqual } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import { isIP } from 'node:net';
import { WireError } from '../wire/wire-error.ts';

/** The rules of access to a server. */
export interface Access {
  token?: string;
  origins: readonly string[];
  /** Whether the server is bound to a loopback address, which only this machine reaches. */
  loopback: boolean;
  host: string;
  scheme: 'http' | 'https';
}

/** The default address of servers. */
export const DEFAULT_HOST = '127.0.0.1';

/** @internal */
export function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || (isIP(host) === 4 && host.startsWith('127.'));
}

/**
 * @throws Error for an address other than a loopback one without a token, or a token that a header cannot hold
 * @internal
 */
export function checkBinding(host = DEFAULT_HOST, token?: string): void {
  if (token === undefined && !isLoopback(host)) {
    throw new Error(`host: expected a loopback address or a token, got ${host} without a token`);
  }
  if (token !== undefined && !/^[\w.~-]{8,}$/.test(token)) {
    throw new Error('token: expected at least 8 letters, digits, "-", "_", "." or "~"');
  }
}

/** @throws WireError where a request has no access. @param open whether the request needs no token */
export function checkAccess(request: IncomingMessage, access: Access, open = false): void {
  const { host, origin } = request.headers;
  if (!access.loopback && access.token === undefined && !open) {
    const what = `token: expected this server to have one, since it listens on ${access.host}`;
    throw new WireError('UNAUTHENTICATED', `${what}, where other machines reach it`);
  }
  if (access.loopback && host !== undefined && !namesThisMachine(host, access.host)) {
    throw new WireError('FORBIDDEN_HOST', 'host: expected the address this server is bound to');
  }
  // The server's own pages have access: on a loopback address the check above has shown that `host` names this machine.
  const own = origin === `${access.scheme}://${host}`;
  if (origin !== undefined && !own && !access.origins.includes(origin)) {
    throw new WireError('FORBIDDEN_ORIGIN', 'origin: expected one that this server allows');
  }
  if (access.token !== undefined && !open && !sameToken(tokenOf(request), access.token)) {
    throw new WireError('UNAUTHENTICATED', 'authorization: expected the token of this server');
  }
}

/** The headers that let a browser page of an allowed origin read an answer. */
export function corsHeaders(
  { headers: { origin } }: IncomingMessage,
  { origins }: Access,
): Record<string, string> {
  if (origin === undefined || !origins.includes(origin)) return {};
  return {
    'Access-Control-Allow-Origin': origin,
    'Access-Control-Expose-Headers': 'Retry-After',
    Vary: 'Origin',
  };
}

/** The headers of the answer to a browser that asks whether a page may send a request. */
export function preflightHeaders(request: IncomingMessage, access: Access): Record<string, string> {
  return {
    ...corsHeaders(request, access),
    'Access-Control-Allow-Methods': 'GET, POST',
    'Access-Control-Allow-Headers': 'Authorization, Content-Type',
    'Access-Control-Max-Age': '600',
  };
}

function namesThisMachine(header: string, bound: string): boolean {
  const name = header.replace(/:\d+$/, '').replace(/^\[(.*)\]$/, '$1');
  return name === bound || isLoopback(name);
}

/** The token of a request: from a header, or from a subprotocol, since browsers cannot set headers. */
function tokenOf({ headers }: IncomingMessage): string {
  const [, inHeader] = /^(?:Bearer|Api-Key) +(\S+)$/i.exec(headers.authorization ?? '') ?? [];
  if (inHeader !== undefined) return inHeader;
  const offered = (headers['sec-websocket-protocol'] ?? '').split(',').map((name) => name.trim());
  return offered.find((name) => name.startsWith(IN_PROTOCOL))?.slice(IN_PROTOCOL.length) ?? '';
}

const IN_PROTOCOL = 'pondera.token.';

/** Compares tokens of any length in constant time. */
export function sameToken(given: string, wanted: string): boolean {
  const digest = (text: string) => createHash('sha256').update(text).digest();
  return timingSafeEqual(digest(given), digest(wanted));
}
