import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { type WebSocket, WebSocketServer } from 'ws';
import type { Closed } from '../../../../src/envs/net/socket/closed.ts';
import type { Connection } from '../../../../src/envs/net/socket/connection.ts';
import { dial } from '../../../../src/envs/net/socket/dial.ts';
import { type Endpoint, SocketServer } from '../../../../src/envs/net/socket/socket-server.ts';
import { jsonCodec } from '../../../../src/envs/net/wire/codec.ts';

const closing: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close();
});

/** Both ends of a connection. */
async function pair(options: { maxBuffered?: number } = {}) {
  let accepted!: (connection: Connection) => void;
  const peer = new Promise<Connection>((resolve) => {
    accepted = resolve;
  });
  const endpoint: Endpoint = { path: '/', connect: (connection) => accepted(connection) };
  const server = await SocketServer.listen(options, [endpoint]);
  closing.push(() => server.close());
  const near = await dial(server.url('/'), jsonCodec());
  closing.push(() => near.terminate());
  return { near, peer: await peer };
}

const closed = (connection: Connection) =>
  new Promise<Closed>((resolve) => {
    connection.onClose = resolve;
  });

describe('a connection', () => {
  it('keeps what comes with the upgrade, and the end that follows, for whoever listens at last', async () => {
    const server = new WebSocketServer({ port: 0, handleProtocols: () => 'pondera.v1.json' });
    closing.push(() => server.close());
    server.on('connection', (socket) => {
      socket.send('{"t":"first"}');
      socket.close(4321, 'enough');
    });
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    const connection = await dial(`ws://127.0.0.1:${port}`, jsonCodec());
    await closed(connection);
    const heard: unknown[] = [];
    connection.onMessage = (message) => heard.push(message);
    expect(heard).toEqual([{ t: 'first' }]);
    expect(await closed(connection)).toMatchObject({ code: 4321, reason: 'enough' });
  });

  it('says for what it was ended on this side', async () => {
    const { near, peer } = await pair();
    const [here, there] = [closed(near), closed(peer)];
    near.onMessage = () => {};
    peer.onMessage = () => {};
    near.send({ t: 'x', text: '-'.repeat(70_000) });
    const { fault } = await there;
    expect(fault?.message).toBe('frame: 70019 bytes, at most 65536');
    expect(await here).toMatchObject({ code: 1009, fault: undefined });
  });

  it('takes no frame of its own, however large, for a slow reader', async () => {
    const { near, peer } = await pair({ maxBuffered: 1000 });
    const heard = new Promise((resolve) => {
      let count = 0;
      near.onMessage = () => ++count === 3 && resolve(count);
    });
    const large = { t: 'x', text: '-'.repeat(20_000_000) };
    peer.send(large, large, large);
    await heard;
    expect(peer.open).toBe(true);
  });

  it('delivers as the peer reads, and is done where the connection ends', async () => {
    const server = new WebSocketServer({ port: 0, handleProtocols: () => 'pondera.v1.json' });
    closing.push(() => server.close());
    const slow = once(server, 'connection');
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    const near = await dial(`ws://127.0.0.1:${port}`, jsonCodec());
    const [peer] = (await slow) as [WebSocket];
    peer.pause();
    const large = { t: 'x', text: '-'.repeat(20_000_000) };
    const done: string[] = [];
    const first = near.deliver(large).then(() => done.push('read'));
    await new Promise((resolve) => setImmediate(resolve));
    expect(done).toEqual([]);
    peer.resume();
    await first;
    peer.pause();
    const second = near.deliver(large).then(() => done.push('ended'));
    await new Promise((resolve) => setImmediate(resolve));
    expect(done).toEqual(['read']);
    near.terminate();
    await second;
    await near.deliver({ t: 'x' });
    expect(done).toEqual(['read', 'ended']);
  });

  it('ends where what was sent before is not read', async () => {
    const server = await SocketServer.listen({ maxBuffered: 1000 }, [
      {
        path: '/',
        connect: (connection) => {
          connection.onMessage = () => {};
          connection.send({ t: 'x', text: '-'.repeat(20_000_000) });
          connection.send({ t: 'x' });
          ended.resolve(closed(connection));
        },
      },
    ]);
    closing.push(() => server.close());
    const near = await dial(server.url('/'), jsonCodec());
    closing.push(() => near.terminate());
    const { fault } = await ended.promise;
    expect(fault?.code).toBe('SLOW_READER');
    expect(fault?.message).toMatch(/^the peer reads too slowly: \d+ bytes are waiting/);
  });
});

const ended = (() => {
  let resolve!: (closed: Promise<Closed>) => void;
  const promise = new Promise<Closed>((done) => {
    resolve = done;
  });
  return { promise, resolve };
})();
