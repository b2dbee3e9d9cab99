import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import type { Duplex } from 'node:stream';
import { Server as TlsServer } from 'node:tls';
import { type WebSocket, WebSocketServer } from 'ws';
import {
  anything,
  type Checks,
  callback,
  integer,
  listOf,
  positive,
  text,
} from '../../common/options.ts';
import { after, every, type Timer } from '../../common/timers.ts';
import { type Codec, codecs } from '../wire/codec.ts';
import { asWireError, WireError } from '../wire/wire-error.ts';
import {
  type Access,
  checkAccess,
  checkBinding,
  corsHeaders,
  DEFAULT_HOST,
  isLoopback,
  preflightHeaders,
} from './access.ts';
import { Connection, type ConnectionLimits, defaultConnectionLimits } from './connection.ts';
import { divert } from './divert.ts';
import { asked, jsonAnswer, type Page, type PageAnswer } from './http-pages.ts';

/** The address of a server, the clients that it accepts, and its limits. */
export interface SocketServerOptions extends Partial<ConnectionLimits> {
  /** The address to bind to; default 127.0.0.1. An address other than a loopback one needs a token. */
  host?: string;
  /** The port; default 0, which takes any free one. */
  port?: number;
  /** The token that clients must send, at least 8 characters; default: none. */
  token?: string;
  /** The origins of browser pages that may connect, beside the server's own; default: none. */
  origins?: readonly string[];
  /** Certificate and key in PEM, for wss:// and https://. */
  tls?: { cert: string | Buffer; key: string | Buffer };
  /** The most open connections; default 4096. */
  maxConnections?: number;
  /** The most open connections from one address; default: `maxConnections`. */
  maxPerAddress?: number;
  /**
   * Time between pings, in ms; a peer that misses two is disconnected, and so is one that reads nothing of an answer in pieces for twice as
   * long. Default 15,000.
   */
  heartbeatMs?: number;
  /** Receives errors of the server itself, of which peers learn only `INTERNAL`. */
  onFault?: (error: unknown) => void;
}

/** @internal */
export const serverChecks: Checks<SocketServerOptions> = {
  host: text,
  port: integer(0, 65_535),
  token: text,
  origins: listOf(text),
  tls: anything,
  maxConnections: integer(1),
  maxPerAddress: integer(1),
  heartbeatMs: positive,
  onFault: callback,
  maxPayload: integer(1),
  maxOpening: integer(1),
  maxFramesPerSecond: positive,
  maxBuffered: integer(1),
};

/** A WebSocket route of a `SocketServer`; one that is `open` needs no token. */
export type Endpoint = { path: string; open?: boolean } & (
  | {
      /** Receives connections of Pondera's protocol. */
      connect: (connection: Connection, request: IncomingMessage) => void;
    }
  | {
      /** The name of the subprotocol, where clients offer one; a client with a token must. */
      subprotocol?: string;
      /** Receives WebSockets of another protocol. */
      socket: (socket: WebSocket, request: IncomingMessage) => void;
    }
);

/** A server of someone else's, and the path under which a `SocketServer` answers there. */
export interface Mount {
  /** The server; its owner starts and closes it. */
  server: Server;
  /** The path, such as `/policy`. */
  path: string;
}

/**
 * A server of WebSocket endpoints and HTTP pages, on a port of its own or under a path of another server. It checks host,
 * origin and token before the upgrade; every fault of a client has a code (docs/protocol.md).
 */
export class SocketServer {
  /** The limits of its connections. */
  readonly limits: ConnectionLimits;
  /** Time between pings, in ms. */
  readonly heartbeatMs: number;
  readonly #options: SocketServerOptions;
  readonly #http: Server;
  readonly #mount: Mount | undefined;
  /** Where it listens, or listened last. */
  #address: ReturnType<Server['address']> = null;
  /** Ends the diversion of the server where it is mounted. */
  #leave = () => {};
  readonly #sockets: WebSocketServer;
  readonly #endpoints: Map<string, Endpoint>;
  readonly #pages: Map<string, Page>;
  readonly #codecs: Map<string, Codec>;
  /** Open sockets, and POSTs without an answer yet, by address. */
  readonly #byAddress = new Map<string, number>();
  #posts = 0;
  /** Answers that are sent in pieces. */
  readonly #streaming = new Set<ServerResponse>();
  /** The open sockets, each with its number of unanswered pings. */
  readonly #missed = new Map<WebSocket, number>();
  readonly #heart: Timer;
  #closing = false;

  private constructor(
    options: SocketServerOptions,
    endpoints: readonly Endpoint[],
    pages: readonly Page[],
    http: Server,
    mount?: Mount,
  ) {
    const { heartbeatMs = 15_000 } = options;
    this.#options = options;
    this.#http = http;
    this.#mount = mount;
    this.limits = {
      maxPayload: options.maxPayload ?? defaultConnectionLimits.maxPayload,
      maxOpening: options.maxOpening ?? defaultConnectionLimits.maxOpening,
      maxBuffered: options.maxBuffered ?? defaultConnectionLimits.maxBuffered,
      maxFramesPerSecond: options.maxFramesPerSecond,
    };
    this.heartbeatMs = heartbeatMs;
    this.#endpoints = new Map(endpoints.map((endpoint) => [endpoint.path, endpoint]));
    this.#pages = new Map(pages.map((page) => [page.path, page]));
    this.#codecs = new Map(codecs().map((codec) => [codec.subprotocol, codec]));
    this.#sockets = new WebSocketServer({
      noServer: true,
      clientTracking: true,
      perMessageDeflate: false,
      maxPayload: this.limits.maxPayload,
      handleProtocols: (offered, request) => this.#subprotocol(offered, request) ?? false,
    });
    // Errors of WebSocket's own handshake.
    this.#sockets.on('wsClientError', ({ message }, socket) => {
      refuse(socket, new WireError('BAD_HANDSHAKE', message));
    });
    this.#heart = every(heartbeatMs, () => this.#beat()).unref();
  }

  /**
   * Starts a server.
   * @throws Error where the address is in use, or is another than a loopback one without a token
   */
  static async listen(
    options: SocketServerOptions,
    endpoints: readonly Endpoint[],
    pages: readonly Page[] = [],
  ): Promise<SocketServer> {
    const { host = DEFAULT_HOST, port = 0, token, tls } = options;
    checkBinding(host, token);
    const http = tls ? createTlsServer({ ...times, ...tls }) : createServer(times);
    http.maxConnections = (options.maxConnections ?? MAX_CONNECTIONS) + SPARE;
    const server = new SocketServer(options, endpoints, pages, http);
    http.on('request', (request, response) => void server.#answer(request, response));
    http.on('upgrade', (request, socket, head) => server.#upgrade(request, socket, head));
    http.on('clientError', (_, socket) => socket.destroy());
    try {
      await new Promise<void>((resolve, reject) => {
        http.once('error', reject);
        http.listen({ host, port, backlog: 1024 }, resolve);
      });
    } catch (error) {
      server.#heart.stop();
      throw error;
    }
    server.#address = http.address();
    return server;
  }

  /**
   * Answers under a path of another server, whose own handlers answer everything else. `host`, `port` and `tls` are that
   * server's.
   * @throws Error for a token that a header cannot hold, or none where the server listens on another address than a
   *   loopback one; where it does so later, every request is refused
   */
  static mount(
    mount: Mount,
    options: SocketServerOptions,
    endpoints: readonly Endpoint[],
    pages: readonly Page[] = [],
  ): SocketServer {
    const { server: http, path } = mount;
    const server = new SocketServer(options, endpoints, pages, http, mount);
    const check = () => checkBinding(server.#access.host, options.token);
    try {
      check();
    } catch (error) {
      server.#heart.stop();
      throw error;
    }
    const early = () => {
      try {
        check();
      } catch (error) {
        options.onFault?.(error);
      }
    };
    if (!http.listening) http.once('listening', early);
    const undivert = divert(http, {
      wants: ({ url = '' }) => url.startsWith(path) && /^(?:[/?]|$)/.test(url.slice(path.length)),
      request: (request, response) => void server.#answer(request, response),
      upgrade: (request, socket, head) => server.#upgrade(request, socket, head),
      unheard: (request, socket) => refuse(socket, notFound(request)),
    });
    server.#leave = () => {
      undivert();
      http.off('listening', early);
    };
    return server;
  }

  /** The URL of an endpoint, such as `ws://127.0.0.1:8765/v1/env`. @throws Error before the server listens */
  url(path: string): string {
    this.#address = this.#http.address() ?? this.#address;
    if (this.#address === null) throw new Error('url: the server does not listen yet');
    const { scheme } = this.#access;
    const host = typeof this.#address === 'string' ? 'localhost' : hostAndPort(this.#address);
    return `${scheme.replace('http', 'ws')}://${host}${this.#mount?.path ?? ''}${path}`;
  }

  /** The URL of a page, such as `http://127.0.0.1:8765/health`. */
  pageUrl(path: string): string {
    return this.url(path).replace(/^ws/, 'http');
  }

  /** Number of open connections. */
  get connections(): number {
    return this.#sockets.clients.size;
  }

  /** Accepts no more connections, closes the open ones with SHUTTING_DOWN, and waits until they have ended. */
  async close(): Promise<void> {
    if (this.#closing) return;
    this.#closing = true;
    this.#heart.stop();
    this.#leave();
    const closed = this.#mount
      ? this.#socketsClosed()
      : new Promise((resolve) => this.#http.close(resolve));
    for (const socket of this.#sockets.clients) socket.close(1001, 'SHUTTING_DOWN');
    const hurry = setTimeout(() => {
      for (const socket of this.#sockets.clients) socket.terminate();
      for (const response of this.#streaming) response.destroy();
    }, GOING_MS);
    if (!this.#mount) this.#http.closeIdleConnections();
    await closed;
    clearTimeout(hurry);
  }

  async #socketsClosed(): Promise<void> {
    const closed = (socket: WebSocket) =>
      new Promise<void>((resolve) => void socket.once('close', () => resolve()));
    await Promise.all(Array.from(this.#sockets.clients, closed));
  }

  /** The rules of access; the owner of a server may have it listen elsewhere later. */
  get #access(): Access {
    const { token, origins = [], host = DEFAULT_HOST } = this.#options;
    const address = this.#mount && this.#http.address();
    // A path of the file system is of this machine, as an address that does not exist yet.
    const bound = typeof address === 'object' && address !== null ? address.address : host;
    const scheme = this.#http instanceof TlsServer ? 'https' : 'http';
    return { token, origins, host: bound, loopback: isLoopback(bound), scheme };
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const access = this.#access;
    const reply = async ({ type, data, status = 200, headers }: PageAnswer) => {
      const whole = typeof data === 'string' || data instanceof Uint8Array;
      response.writeHead(status, {
        'Content-Type': type,
        ...(whole && { 'Content-Length': Buffer.byteLength(data) }),
        'X-Content-Type-Options': 'nosniff',
        ...corsHeaders(request, access),
        ...headers,
      });
      if (whole) response.end(data);
      else await this.#stream(data, request, response);
    };
    const page = this.#pages.get(this.#pathOf(request));
    const { method = 'GET' } = page ?? {};
    try {
      // A browser asks this before a request with a token or a body of JSON, and sends neither.
      const preflight = request.method === 'OPTIONS' && request.headers.origin !== undefined;
      checkAccess(request, access, preflight || page?.open);
      if (page === undefined) throw notFound(request);
      if (preflight) return void response.writeHead(204, preflightHeaders(request, access)).end();
      if (request.method !== method) {
        const got = `${request.method} ${page.path}`;
        throw new WireError('METHOD_NOT_ALLOWED', `method: expected ${method}, got ${got}`);
      }
      if (method === 'POST') await this.#posted(page, request, reply);
      else await reply(await bodyOf(page, request));
    } catch (error) {
      if (!(error instanceof WireError)) this.#options.onFault?.(error);
      if (response.headersSent) return void response.destroy();
      const { httpStatus, code, message } = asWireError(error);
      const headers = {
        ...(httpStatus === 503 && { 'Retry-After': '1' }),
        ...(httpStatus === 405 && { Allow: method }),
        // The rest of its body is not read.
        ...(request.method === 'POST' && !request.complete && { Connection: 'close' }),
      };
      await reply({ ...jsonAnswer({ code, message }, httpStatus), headers });
    }
  }

  /** Sends pieces of a body, each once the one before has left this process; asks for no more where the peer has gone, or does not read. */
  async #stream(
    pieces: AsyncIterable<string>,
    { socket }: IncomingMessage,
    response: ServerResponse,
  ): Promise<void> {
    let sent = () => {};
    const leave = () => sent();
    // The response to a request behind another has no socket yet, and so no end of its own.
    socket.once('close', leave);
    this.#streaming.add(response);
    try {
      for await (const piece of pieces) {
        if (response.destroyed || socket.destroyed) break;
        // As long as a socket may leave pings without an answer.
        const late = after(2 * this.heartbeatMs, () => response.destroy());
        await new Promise<void>((resolve) => {
          sent = resolve;
          response.write(piece, () => resolve());
        });
        late.stop();
      }
      response.end();
    } finally {
      this.#streaming.delete(response);
      socket.off('close', leave);
    }
  }

  /** Answers a POST, which counts as a connection until it is answered. */
  async #posted(
    page: Page,
    request: IncomingMessage,
    reply: (answer: PageAnswer) => Promise<void>,
  ): Promise<void> {
    this.#checkRoom(request);
    const leave = this.#enter(request);
    this.#posts++;
    try {
      await reply(await bodyOf(page, request));
    } finally {
      this.#posts--;
      leave();
    }
  }

  #upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void {
    socket.on('error', () => socket.destroy());
    try {
      const endpoint = this.#endpoints.get(this.#pathOf(request));
      checkAccess(request, this.#access, endpoint?.open);
      if (endpoint === undefined) throw notFound(request);
      this.#checkRoom(request);
      if ('connect' in endpoint && !this.#offersOurs(request)) {
        const known = [...this.#codecs.keys()].join(' or ');
        throw new WireError('BAD_SUBPROTOCOL', `subprotocol: expected ${known}`);
      }
      this.#sockets.handleUpgrade(request, socket, head, (ws) => {
        this.#track(ws, request);
        if ('socket' in endpoint) endpoint.socket(ws, request);
        else {
          const codec = this.#codecs.get(ws.protocol)!;
          const connection = new Connection(ws, codec, this.limits);
          if (this.#options.onFault) connection.onFault = this.#options.onFault;
          endpoint.connect(connection, request);
        }
      });
    } catch (error) {
      refuse(socket, asWireError(error));
    }
  }

  /** Chooses one of the offered subprotocols. */
  #subprotocol(offered: Set<string>, request: IncomingMessage): string | undefined {
    const endpoint = this.#endpoints.get(this.#pathOf(request));
    if (endpoint && 'subprotocol' in endpoint && offered.has(endpoint.subprotocol!)) {
      return endpoint.subprotocol;
    }
    return [...offered].find((name) => this.#codecs.has(name));
  }

  #offersOurs(request: IncomingMessage): boolean {
    const offered = request.headers['sec-websocket-protocol'] ?? '';
    return offered.split(',').some((name) => this.#codecs.has(name.trim()));
  }

  #checkRoom(request: IncomingMessage): void {
    const { maxConnections = MAX_CONNECTIONS, maxPerAddress = maxConnections } = this.#options;
    const own = this.#byAddress.get(addressOf(request)) ?? 0;
    const all = this.connections + this.#posts;
    if (this.#closing || all >= maxConnections || own >= maxPerAddress) {
      throw new WireError(
        'TOO_MANY_CONNECTIONS',
        'the server has no room for another connection; try again later',
      );
    }
  }

  /** Counts one more of an address. @returns a function that counts it no more */
  #enter(request: IncomingMessage): () => void {
    const address = addressOf(request);
    this.#byAddress.set(address, (this.#byAddress.get(address) ?? 0) + 1);
    return () => {
      const left = this.#byAddress.get(address)! - 1;
      if (left > 0) this.#byAddress.set(address, left);
      else this.#byAddress.delete(address);
    };
  }

  #track(ws: WebSocket, request: IncomingMessage): void {
    const leave = this.#enter(request);
    this.#missed.set(ws, 0);
    ws.on('pong', () => this.#missed.set(ws, 0));
    ws.on('close', () => {
      this.#missed.delete(ws);
      leave();
    });
  }

  /** The path of a request, without that of the mount. */
  #pathOf(request: IncomingMessage): string {
    return pathOf(request).slice(this.#mount?.path.length ?? 0) || '/';
  }

  #beat(): void {
    for (const [ws, missed] of this.#missed) {
      if (missed >= 2) ws.terminate();
      else {
        this.#missed.set(ws, missed + 1);
        ws.ping();
      }
    }
  }
}

/** The longest time for a request to arrive, and the time between checks, in ms. */
const times = {
  handshakeTimeout: 10_000,
  headersTimeout: 10_000,
  requestTimeout: 10_000,
  connectionsCheckingInterval: 2000,
};
const MAX_CONNECTIONS = 4096;
/** Connections beyond the limit that still get an answer, TOO_MANY_CONNECTIONS. */
const SPARE = 64;
const GOING_MS = 1000;

function pathOf(request: IncomingMessage): string {
  return (request.url ?? '/').split('?', 1)[0];
}

function addressOf({ socket }: IncomingMessage): string {
  return socket.remoteAddress ?? '';
}

function hostAndPort({ address, port, family }: AddressInfo): string {
  return `${family === 'IPv6' ? `[${address}]` : address}:${port}`;
}

async function bodyOf(page: Page, request: IncomingMessage): Promise<PageAnswer> {
  return page.body(await asked(request, page));
}

function notFound(request: IncomingMessage): WireError {
  return new WireError(
    'NOT_FOUND',
    `${request.method} ${pathOf(request).slice(0, 100)}: no such path`,
  );
}

function refuse(socket: Duplex, { httpStatus, code, message }: WireError): void {
  const body = JSON.stringify({ code, message });
  const headers = [
    `HTTP/1.1 ${httpStatus} ${code}`,
    'Connection: close',
    'Content-Type: application/json',
    `Content-Length: ${Buffer.byteLength(body)}`,
  ];
  socket.end(`${headers.join('\r\n')}\r\n\r\n${body}`, () => socket.destroy());
}
