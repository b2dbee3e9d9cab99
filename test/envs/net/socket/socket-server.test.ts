import { readFileSync } from 'node:fs';
import { get, type IncomingMessage } from 'node:http';
import { type AddressInfo, connect, createServer } from 'node:net';
import { text } from 'node:stream/consumers';
import { afterEach, describe, expect, it } from 'vitest';
import { WebSocket } from 'ws';
import type { Connection } from '../../../../src/envs/net/socket/connection.ts';
import { DialError, dial } from '../../../../src/envs/net/socket/dial.ts';
import { awaitHello } from '../../../../src/envs/net/socket/handshake.ts';
import type { PageRequest } from '../../../../src/envs/net/socket/http-pages.ts';
import { type Endpoint, SocketServer } from '../../../../src/envs/net/socket/socket-server.ts';
import { codecs } from '../../../../src/envs/net/wire/codec.ts';
import { isNdArray, ndarray } from '../../../../src/envs/net/wire/ndarray.ts';
import { WireError } from '../../../../src/envs/net/wire/wire-error.ts';

const open: { close(): unknown }[] = [];
afterEach(async () => {
  for (const one of open.splice(0)) await one.close();
});

async function listen(
  options: Parameters<typeof SocketServer.listen>[0] = {},
  connect: (connection: Connection) => void = (connection) => {
    connection.onMessage = (message) => connection.send(message as object);
  },
) {
  const echo: Endpoint = { path: '/v1/env', connect };
  const page = { path: '/health', open: true, body: () => ({ type: 'text/plain', data: 'well' }) };
  const secret = { path: '/secret', body: () => ({ type: 'text/plain', data: 'told' }) };
  const server = await SocketServer.listen(options, [echo], [page, secret]);
  open.push(server);
  return server;
}

const next = (connection: Connection) =>
  new Promise<unknown>((resolve) => {
    connection.onMessage = resolve;
  });
const closed = (connection: Connection) =>
  new Promise<{ code: number; reason: string }>((resolve) => {
    connection.onClose = resolve;
  });

describe.each(codecs())('a connection that speaks $subprotocol', (codec) => {
  it('carries plain data and arrays both ways', async () => {
    const server = await listen();
    const connection = await dial(server.url('/v1/env'), codec);
    const answer = next(connection);
    connection.send({ t: 'x', obs: ndarray(Float32Array.of(1, -0.5), [2, 1]), left: undefined });
    const message = (await answer) as { obs: unknown };
    expect(message).toEqual({
      t: 'x',
      obs: { dtype: '<f4', shape: [2, 1], data: Float32Array.of(1, -0.5) },
    });
    expect(isNdArray(message.obs)).toBe(true);
    connection.close();
  });

  it('is told what is wrong, and ended with its code', async () => {
    const server = await listen({}, (connection) => {
      connection.onMessage = () => {
        throw new WireError('BAD_MESSAGE', 'x: expected y');
      };
    });
    const connection = await dial(server.url('/v1/env'), codec);
    const [answer, end] = [next(connection), closed(connection)];
    connection.send({ t: 'x' });
    expect(await answer).toEqual({ t: 'error', code: 'BAD_MESSAGE', message: 'x: expected y' });
    expect(await end).toEqual({ code: 1008, reason: 'BAD_MESSAGE: x: expected y' });
  });
});

describe('a server', () => {
  const [codec] = codecs();

  it('asks for its token, of pages too unless they are open', async () => {
    const server = await listen({ token: 'correct-horse' });
    const url = server.url('/v1/env');
    await expect(dial(url, codec)).rejects.toThrow(/UNAUTHENTICATED/);
    await expect(dial(url, codec, { token: 'wrong-token' })).rejects.toThrow(DialError);
    const connection = await dial(url, codec, { token: 'correct-horse' });
    connection.close();
    const page = (path: string, token?: string) =>
      fetch(server.url(path).replace('ws', 'http'), {
        headers: token ? { Authorization: `Bearer ${token}` } : {},
      });
    expect((await page('/health')).status).toBe(200);
    expect((await page('/secret')).status).toBe(401);
    expect(await (await page('/secret', 'correct-horse')).text()).toBe('told');
    expect((await page('/nowhere', 'correct-horse')).status).toBe(404);
  });

  it('is bound to a loopback address unless it has a token', async () => {
    await expect(listen({ host: '0.0.0.0' })).rejects.toThrow(/got 0\.0\.0\.0 without a token/);
    await expect(listen({ host: '0.0.0.0', token: 'short' })).rejects.toThrow(/at least 8/);
    await listen({ host: '0.0.0.0', token: 'long-enough' });
  });

  it('refuses connections beyond its limits', async () => {
    const server = await listen({ maxConnections: 1 });
    const first = await dial(server.url('/v1/env'), codec);
    await expect(dial(server.url('/v1/env'), codec)).rejects.toThrow(/TOO_MANY_CONNECTIONS/);
    first.close();
  });

  it('ends a connection that sends too much at once or too often', async () => {
    const server = await listen({ maxOpening: 100, maxFramesPerSecond: 5 });
    const large = await dial(server.url('/v1/env'), codec);
    const end = closed(large);
    large.send({ text: 'x'.repeat(100) });
    expect((await end).code).toBe(1009);
    const often = await dial(server.url('/v1/env'), codec);
    const limited = closed(often);
    for (let i = 0; i < 7; i++) often.send({ i });
    expect(await limited).toMatchObject({
      code: 1008,
      reason: expect.stringMatching(/RATE_LIMITED/),
    });
  });

  it('speaks TLS with the certificate it is given', async () => {
    const pem = (name: string) => readFileSync(new URL(`tls/${name}.pem`, import.meta.url), 'utf8');
    const [cert, key] = [pem('cert'), pem('key')];
    const server = await listen({ tls: { cert, key } });
    const url = server.url('/v1/env');
    expect(url).toMatch(/^wss:/);
    // Signed by nobody that is trusted here.
    await expect(dial(url, codec)).rejects.toThrow(/self-signed certificate/);
    const socket = new WebSocket(url, [codec.subprotocol], { ca: cert });
    const answer = new Promise((resolve) => socket.once('message', resolve));
    socket.once('open', () => socket.send(codec.encode({ t: 'x' })));
    expect(codec.decode((await answer) as Buffer, true)).toEqual({ t: 'x' });
    socket.close();
  });

  it.each([
    ['an origin that is not allowed', { origin: 'http://evil.example' }, 403, 'FORBIDDEN_ORIGIN'],
    ['a name that is not its own', { host: 'evil.example' }, 403, 'FORBIDDEN_HOST'],
    ['no subprotocol of ours', {}, 400, 'BAD_SUBPROTOCOL'],
  ])('refuses %s before the upgrade', async (_, headers, status, code) => {
    const server = await listen({ origins: ['http://good.example'] });
    const socket = new WebSocket(server.url('/v1/env'), { headers });
    const response = await new Promise<IncomingMessage>((resolve) => {
      socket.once('unexpected-response', (_, response) => resolve(response));
    });
    expect(response.statusCode).toBe(status);
    expect(JSON.parse(await text(response))).toMatchObject({ code });
  });

  it('lets in a browser page of an origin that is allowed, with its token as a subprotocol', async () => {
    const origin = 'http://good.example';
    const server = await listen({ origins: [origin], token: 'correct-horse' });
    const offered = [codec.subprotocol, 'pondera.token.correct-horse'];
    const socket = new WebSocket(server.url('/v1/env'), offered, { headers: { origin } });
    await new Promise((resolve) => socket.once('open', resolve));
    // The token does not come back.
    expect(socket.protocol).toBe(codec.subprotocol);
    socket.close();
  });

  it('lets in pages of its own, and no other port of this machine', async () => {
    const server = await listen();
    const page = (origin: string) =>
      fetch(server.pageUrl('/secret'), { headers: { origin } }).then(({ status }) => status);
    expect(await page(new URL(server.pageUrl('/')).origin)).toBe(200);
    expect(await page('http://127.0.0.1:1')).toBe(403);
    expect(await page('null')).toBe(403);
  });

  it('answers a page with the status, headers and bytes it gives, by what the query asks', async () => {
    const data = Uint8Array.of(0, 255);
    const headers = { 'Cache-Control': 'no-store' };
    const echo = {
      path: '/echo',
      body: ({ query }: PageRequest) => ({
        type: `image/${query.get('as')}`,
        data,
        status: 503,
        headers,
      }),
    };
    const server = await SocketServer.listen({}, [], [echo]);
    open.push(server);
    const answer = await fetch(server.pageUrl('/echo?as=a%20b'));
    expect(answer.status).toBe(503);
    expect(answer.headers.get('content-type')).toBe('image/a b');
    expect(answer.headers.get('cache-control')).toBe('no-store');
    expect(new Uint8Array(await answer.arrayBuffer())).toEqual(data);
  });

  it('sends an answer in pieces as they are read, and asks for no more where nobody reads', async () => {
    let ended = () => {};
    const over = () =>
      new Promise<void>((resolve) => {
        ended = resolve;
      });
    const endless = async function* () {
      try {
        for (;;) yield '-'.repeat(4_000_000);
      } finally {
        ended();
      }
    };
    const bodies: Record<string, () => AsyncIterable<string>> = {
      endless,
      async *short() {
        yield* ['a', 'b'];
      },
      async *broken() {
        yield 'a';
        throw new Error('it broke');
      },
    };
    const streams = {
      path: '/streams',
      body: ({ query }: PageRequest) => ({
        type: 'text/plain',
        data: bodies[query.get('of')!](),
      }),
    };
    const faults: unknown[] = [];
    const onFault = (fault: unknown) => faults.push(fault);
    const server = await SocketServer.listen({ onFault }, [], [streams]);
    open.push(server);
    const ask = (of: string) =>
      new Promise<IncomingMessage>((resolve) => {
        get(server.pageUrl(`/streams?of=${of}`), resolve).on('error', () => {});
      });
    const short = await fetch(server.pageUrl('/streams?of=short'));
    expect([short.headers.get('content-length'), await short.text()]).toEqual([null, 'ab']);
    await expect(text(await ask('broken'))).rejects.toThrow('aborted');
    expect(faults).toEqual([new Error('it broke')]);

    const left = over();
    (await ask('endless')).destroy();
    await left;
    // One who stays and does not read does not hold up the end.
    (await ask('endless')).on('error', () => {});
    const cut = over();
    await server.close();
    await cut;

    const hasty = await SocketServer.listen({ heartbeatMs: 20 }, [], [streams]);
    open.push(hasty);
    const given = over();
    get(hasty.pageUrl('/streams?of=endless'), () => {}).on('error', () => {});
    await given;
  });

  it('opens an endpoint without its token where that is open', async () => {
    const greet = (socket: WebSocket) => socket.close(1000, 'well');
    const endpoints = [
      { path: '/open', open: true, socket: greet },
      { path: '/shut', socket: greet },
    ];
    const server = await SocketServer.listen({ token: 'correct-horse' }, endpoints);
    open.push(server);
    const socket = new WebSocket(server.url('/open'));
    expect(await new Promise((resolve) => socket.once('close', resolve))).toBe(1000);
    const refused = new WebSocket(server.url('/shut'));
    const response = await new Promise<IncomingMessage>((resolve) => {
      refused.once('unexpected-response', (_, response) => resolve(response));
    });
    expect(response.statusCode).toBe(401);
  });

  it('tells everyone as it closes', async () => {
    const server = await listen();
    const connection = await dial(server.url('/v1/env'), codec);
    const end = closed(connection);
    await server.close();
    expect((await end).code).toBe(1001);
  });

  it('says what a handshake lacks', async () => {
    const server = await listen();
    const socket = connect(Number(new URL(server.url('/')).port), '127.0.0.1');
    socket.write('POST /v1/env HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: Upgrade\r\n');
    socket.write('Upgrade: websocket\r\nSec-WebSocket-Protocol: pondera.v1.json\r\n\r\n');
    const answer = (await socket.setEncoding('utf8').toArray()).join('');
    expect(answer).toMatch(/^HTTP\/1.1 400 /);
    expect(answer).toMatch(/"code":"BAD_HANDSHAKE"/);
  });

  it('ends a connection for what it cannot write, and no other', async () => {
    const cycle: Record<string, unknown> = {};
    cycle.self = cycle;
    const faults: unknown[] = [];
    const server = await listen({ onFault: (fault) => faults.push(fault) }, (connection) => {
      connection.onMessage = () => void setImmediate(() => connection.send(cycle));
    });
    const connection = await dial(server.url('/v1/env'), codec);
    const end = closed(connection);
    connection.send({});
    expect(await end).toMatchObject({ code: 1011, reason: expect.stringMatching(/^INTERNAL/) });
    expect(faults).toEqual([expect.any(RangeError)]);
  });
});

describe('a server whose hello is answered later', () => {
  it('takes nothing before its welcome', async () => {
    const server = await listen({}, (connection) => {
      awaitHello(connection, 'trainer', () => new Promise(() => {}));
    });
    const connection = await dial(server.url('/v1/env'), codecs()[0]);
    const end = closed(connection);
    connection.send({ t: 'hello', v: 1, role: 'trainer', client: 'test' });
    connection.send({ t: 'close' });
    expect(await end).toMatchObject({ code: 1008, reason: expect.stringMatching(/welcome/) });
  });
});

describe('whoever dials', () => {
  async function answering(answer: string, end: boolean): Promise<string> {
    const http = createServer((socket) => {
      open.push({ close: () => socket.destroy() });
      socket.on('error', () => {});
      socket.once('data', () => {
        if (end) socket.end(answer);
        else socket.write(answer);
        // There is always a little more to come.
        const drip = setInterval(() => socket.writable && socket.write(' '), 5);
        socket.once('close', () => clearInterval(drip));
      });
    });
    await new Promise<void>((resolve) => http.listen(0, '127.0.0.1', resolve));
    open.push(http);
    return `ws://127.0.0.1:${(http.address() as AddressInfo).port}/`;
  }

  it('is told of a refusal that breaks off', async () => {
    const url = await answering('HTTP/1.1 503 X\r\nContent-Length: 99\r\n\r\n{"co', true);
    await expect(dial(url, codecs()[0])).rejects.toThrow(/refused with HTTP 503/);
  });

  it('does not wait for a refusal that does not end', async () => {
    const url = await answering('HTTP/1.1 503 X\r\nContent-Length: 99999999\r\n\r\n{"co', false);
    await expect(dial(url, codecs()[0], { timeoutMs: 50 })).rejects.toThrow(DialError);
  });
});
