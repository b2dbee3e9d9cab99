import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import fc from 'fast-check';
import { type WebSocket, WebSocketServer } from 'ws';
import type { Env } from '../../../src/envs/index.ts';
import { msgpackCodec } from '../../../src/envs/net/wire/codec.ts';
import { RemoteEnvs } from '../../../src/envs/remote/remote-envs.ts';
import { EnvServer } from '../../../src/envs/server/env-server.ts';
import { Rng } from '../../../src/kernels/index.ts';
import { type Draft, drafts, frameOf } from '../draft.ts';
import { envReplies, numbered, strays, welcomes } from '../messages.ts';
import { inTime, Tally, Violation } from '../outcome.ts';
import { type WsFrame, wsFrame } from '../peer.ts';
import type { HostedSubject } from '../subjects.ts';
import { type Target, target } from '../target.ts';
import { wsFrames } from '../ws-frames.ts';

/** What a hostile server says to whoever dials, one thing after another, over all its connections. */
interface Script {
  welcome: Draft;
  /** Each in answer to a request. */
  replies: readonly (Draft | WsFrame)[];
}

/** A trainer that dials a hostile environment server: every verb it is asked is settled, beside an honest one. */
export function hostileServerTarget(subject: HostedSubject): Target {
  const replies = fc.oneof({ weight: 12, arbitrary: envReplies(subject) }, strays);
  const scripts = fc.record({
    welcome: fc.oneof(
      { weight: 3, arbitrary: right(welcomes(subject)) },
      drafts(welcomes(subject)),
    ),
    replies: fc.array(
      fc.oneof({ weight: 6, arbitrary: drafts(replies) }, { weight: 1, arbitrary: wsFrames }),
      { minLength: 1, maxLength: 4 },
    ),
  });
  return target({
    name: `trainer at a hostile server of ${subject.id}`,
    cases: fc.array(scripts, { minLength: 1, maxLength: 64 }),
    framesPerCase: 64,
    open: async () => {
      const honest = await EnvServer.listen(subject.factory, { id: subject.id });
      const control = await dialled(honest.url, 10_000);
      const server = new WebSocketServer({ port: 0, host: '127.0.0.1' });
      await once(server, 'listening');
      const { port } = server.address() as AddressInfo;
      const performances = new Map<string, Performance>();
      server.on('connection', (socket, { url = '' }) => performances.get(url)!.connected(socket));
      let broken: unknown;
      const warned = (warning: unknown) => {
        broken ??= warning;
      };
      process.on('warning', warned);
      let played = 0;
      return {
        play: async (given) => {
          const tally = new Tally();
          await Promise.all(
            given.map(async (script) => {
              const path = `/${played++}`;
              performances.set(path, new Performance(script, tally));
              await use(`ws://127.0.0.1:${port}${path}`);
              performances.delete(path);
            }),
          );
          if (broken) throw broken;
          return tally;
        },
        control: async () => {
          await inTime(playOn(control), 'of an honest server');
        },
        close: async () => {
          process.off('warning', warned);
          await control.close?.();
          server.close();
          for (const socket of server.clients) socket.terminate();
          await honest.close();
        },
      };
    },
  });
}

function right(messages: fc.Arbitrary<object>): fc.Arbitrary<Draft> {
  const harm: Draft['harm'] = { op: 'none', at: 0, bytes: new Uint8Array() };
  return messages.map((message) => ({ message, changes: [], harm }));
}

async function dialled(url: string, timeoutMs: number): Promise<Env> {
  const source = { urls: [url], frame: 64 };
  const { envs } = await RemoteEnvs.open({ source, count: 1, timeoutMs, seed: 0 });
  return envs[0];
}

/** Opens an environment and drives it until there is none any more. */
async function use(url: string): Promise<void> {
  let env: Env;
  try {
    env = await inTime(dialled(url, 500), 'whether there is an environment');
  } catch (error) {
    if (error instanceof Violation) throw error;
    return;
  }
  for (;;) {
    try {
      await inTime(playOn(env), 'of an environment');
    } catch (error) {
      if (error instanceof Violation) throw error;
      // It is gone for good once that is so of its reset too.
      if (error instanceof Error && error.name !== 'EnvDisconnectedError') break;
    }
  }
  await env.close?.();
}

async function playOn(env: Env): Promise<void> {
  const rng = Rng.seed(1);
  await env.reset();
  for (let i = 0; i < 3; i++) {
    const { terminated, truncated } = await env.step(env.actionSpace.sample(rng));
    if (terminated || truncated) return;
  }
}

/** A script as it is performed; at its end whoever comes is told to stay away. */
class Performance {
  readonly #script: Script;
  readonly #tally: Tally;
  #at = 0;

  constructor(script: Script, tally: Tally) {
    this.#script = script;
    this.#tally = tally;
  }

  connected(socket: WebSocket): void {
    const codec = msgpackCodec();
    const latest = new Map<number, number>();
    let greeted = false;
    socket.on('error', () => {});
    socket.on('close', (code) => this.#tally.add(`closed with ${code}`, 0));
    socket.on('message', (bytes, binary) => {
      const { envs, seq } = codec.decode(bytes as Buffer, binary) as Request;
      envs?.data.forEach((env, row) => {
        latest.set(env, seq!.data[row]);
      });
      const { welcome, replies } = this.#script;
      if (this.#at === replies.length) {
        socket.send(codec.encode({ t: 'error', code: 'VERSION', message: 'enough' }));
        socket.close(4000);
      } else if (!greeted) this.#say(socket, welcome, latest);
      else this.#say(socket, replies[this.#at++], latest);
      greeted = true;
    });
  }

  #say(socket: WebSocket, draft: Draft | WsFrame, latest: Map<number, number>): void {
    this.#tally.add('said');
    if (!('message' in draft)) {
      const raw = (socket as unknown as { _socket: { write(bytes: Uint8Array): void } })._socket;
      raw.write(wsFrame({ ...draft, masked: draft.masked === false }));
      return;
    }
    const message = numbered(draft.message, (env) => latest.get(env) ?? 0);
    const { bytes, binary } = frameOf({ ...draft, message }, 'msgpack');
    socket.send(bytes, { binary });
  }
}

interface Request {
  envs?: { data: number[] };
  seq?: { data: number[] };
}
