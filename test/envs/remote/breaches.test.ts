import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { decode, encode } from '@msgpack/msgpack';
import { afterEach, describe, expect, it } from 'vitest';
import { type WebSocket, WebSocketServer } from 'ws';
import { RemoteEnvs } from '../../../src/envs/index.ts';

const closing: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close();
});

// biome-ignore lint/suspicious/noExplicitAny: messages of every kind
type Message = any;
type Answer = (socket: WebSocket, asked: Message) => void;

const space = { type: 'discrete', n: 2, start: 0 };
const began = ({ envs, seq }: Message) => encode({ t: 'began', envs, seq, obs: [0] });

/** A server that keeps to the protocol but for how it answers a step; counts connections. */
async function serve(answer: Answer, welcome: object = {}) {
  const server = new WebSocketServer({
    port: 0,
    host: '127.0.0.1',
    handleProtocols: () => 'pondera.v1.msgpack',
  });
  closing.push(() => {
    for (const socket of server.clients) socket.terminate();
    server.close();
  });
  const seen = { connections: 0 };
  server.on('connection', (socket) => {
    seen.connections++;
    socket.on('error', () => {});
    socket.on('message', (data) => {
      const asked = decode(data as Buffer) as Message;
      if (asked.t === 'hello') {
        const env = { id: 'Odd', observationSpace: space, actionSpace: space };
        const limits = { maxPayload: 8e6, graceMs: 60_000, heartbeatMs: 15_000 };
        const [session, token] = ['s', 't'];
        const sound = { t: 'welcome', v: 1, session, token, resumed: !!asked.resume, limits };
        const described = { ...env, snapshots: false, render: false };
        socket.send(encode({ ...sound, numEnvs: 1, env: described, ...welcome }));
      } else if (asked.t === 'reset') socket.send(began(asked));
      else if (asked.t === 'step') answer(socket, asked);
    });
  });
  await once(server, 'listening');
  return { url: `ws://127.0.0.1:${(server.address() as AddressInfo).port}`, seen };
}

async function open(url: string, timeoutMs = 60_000) {
  const source = { urls: [url], frame: 64 };
  const { envs } = await RemoteEnvs.open({ source, count: 1, timeoutMs, seed: 0 });
  closing.push(() => envs[0].close?.());
  return envs[0];
}

const stepped = ({ envs, seq }: Message, more: object = {}) =>
  encode({
    t: 'stepped',
    envs,
    seq,
    obs: [1],
    reward: [1],
    terminated: [0],
    truncated: [0],
    ...more,
  });

describe('a server whose answers are none', () => {
  it.each<[string, Answer, RegExp]>([
    ['no MessagePack', (socket) => socket.send(Buffer.of(0xc1, 1)), /frame: no MessagePack/],
    ['a text frame', (socket) => socket.send('{"t":"stepped"}'), /expected binary, got text/],
    [
      'more entries than a frame may have',
      (socket, asked) =>
        socket.send(stepped(asked, { info: [{ path: new Array(1_000_001).fill(1) }] })),
      /more than 1000000 entries/,
    ],
    [
      'an unknown field',
      (socket, asked) => socket.send(stepped(asked, { odd: 1 })),
      /stepped: .*odd/,
    ],
    [
      'an integer that would be rounded',
      (socket, asked) => {
        const frame = stepped(asked, { info: [{ id: 0 }] });
        const at = Buffer.from(frame).indexOf('id') + 2;
        const large = Buffer.of(0xcf, 0, 0x20, 0, 0, 0, 0, 0, 1);
        socket.send(Buffer.concat([frame.subarray(0, at), large, frame.subarray(at + 1)]));
      },
      /an integer beyond 2\^53/,
    ],
    [
      'a code of its own',
      (socket) => socket.close(4999, 'licence expired'),
      /closed with 4999, licence expired/,
    ],
  ])('(%s) is given up after four with the reason', async (_, answer, reason) => {
    const { url, seen } = await serve(answer);
    const env = await open(url);
    await env.reset({ seed: 1 });
    await expect(env.step(1)).rejects.toThrow(reason);
    expect(seen.connections).toBe(4);
  });

  it('is borne with three times, and again after an answer', async () => {
    let steps = 0;
    const { url } = await serve((socket, asked) => {
      if (++steps % 4 === 0) socket.send(stepped(asked));
      else socket.close(4999);
    });
    const env = await open(url);
    await env.reset({ seed: 1 });
    expect(await env.step(1)).toMatchObject({ reward: 1 });
    expect(await env.step(1)).toMatchObject({ reward: 1 });
  });

  it('may break off as often as it likes, but not for longer than an answer may take', async () => {
    const { url, seen } = await serve((socket) => socket.terminate());
    const env = await open(url, 2500);
    await env.reset({ seed: 1 });
    await expect(env.step(1)).rejects.toThrow(
      /no answer within 2500 ms \(the last connection: closed with 1006/,
    );
    expect(seen.connections).toBeGreaterThan(3);
  });
});

it('tells how large an action is that the server would not take', async () => {
  const actionSpace = { type: 'box', shape: [500], dtype: 'float64', low: -1, high: 1 };
  const env = { id: 'Odd', observationSpace: space, actionSpace, snapshots: false, render: false };
  const limits = { maxPayload: 2000, graceMs: 60_000, heartbeatMs: 15_000 };
  const { url } = await serve((socket, asked) => socket.send(stepped(asked)), { env, limits });
  const remote = await open(url);
  await remote.reset({ seed: 1 });
  await expect(remote.step(new Float64Array(500))).rejects.toThrow(
    /step: expected at most 2000 bytes, which the other side takes \(maxPayload\), got 4\d\d\d/,
  );
});
