import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import fc from 'fast-check';
import { afterEach, describe, expect, it } from 'vitest';
import { type WebSocket, WebSocketServer } from 'ws';
import {
  Box,
  Discrete,
  type Env,
  EnvDisconnectedError,
  makeEnv,
  type OpenEnvOptions,
  openEnv,
} from '../../../src/envs/index.ts';
import { EnvServer } from '../../../src/envs/server/env-server.ts';
import { CountEnv } from '../../support/count-env.ts';

const closing: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close();
});

/** What a server does with what it is sent: a text is its answer. */
type Script = (message: { type: string; data: never }, socket: WebSocket) => unknown;

/** A server that follows a script for each of its connections, the last one for all that come after. */
async function follow(...scripts: Script[]) {
  const server = new WebSocketServer({ port: 0, host: '127.0.0.1' });
  await once(server, 'listening');
  closing.push(() => {
    for (const socket of server.clients) socket.terminate();
    server.close();
  });
  const seen: string[] = [];
  const headers: (string | undefined)[] = [];
  let connections = 0;
  server.on('connection', (socket, request) => {
    headers.push(request.headers.authorization);
    const script = scripts[Math.min(connections++, scripts.length - 1)];
    socket.on('message', (data) => {
      seen.push(String(data));
      const answer = script(JSON.parse(String(data)), socket);
      if (typeof answer === 'string') socket.send(answer);
    });
  });
  const { port } = server.address() as AddressInfo;
  return { url: `http://127.0.0.1:${port}`, seen, headers, connections: () => connections };
}

function play(url: string, options: Partial<OpenEnvOptions<Float32Array, number>> = {}) {
  const env = openEnv({
    url,
    observationSpace: new Box({ shape: [1], low: -Infinity, high: Infinity }),
    actionSpace: new Discrete(3),
    encodeAction: (move) => ({ move }),
    decodeObs: ({ x }) => Float32Array.of(x as number),
    maxEpisodeSteps: 3,
    ...options,
  });
  closing.push(() => env.close?.());
  return env as Env<Float32Array, number>;
}

const observed = (x: unknown, rest = '"reward":null,"done":false') =>
  `{"type":"observation","data":{"observation":{"x":${x}},${rest}}}`;
const errored = (code: string, more = '') =>
  `{"type":"error","data":{"message":"it said","code":"${code}"${more}}}`;
/** Answers everything alike. */
const always =
  (answer: string): Script =>
  () =>
    answer;

describe('an environment of an OpenEnv server', () => {
  it('asks and reads as OpenEnv does', async () => {
    const server = await follow(({ type }) =>
      type === 'reset' ? observed(1) : observed(2, '"reward":0.5,"done":true'),
    );
    const env = play(server.url, {
      token: 'correct-horse',
      decodeInfo: ({ x }) => ({ success: x === 2 }),
    });
    const begun = await env.reset({ seed: 7, options: { level: 3 } });
    expect(begun).toEqual({ obs: Float32Array.of(1), info: { success: false } });
    expect(await env.step(2)).toEqual({
      obs: Float32Array.of(2),
      reward: 0.5,
      terminated: true,
      truncated: false,
      info: { success: true },
    });
    await env.reset();
    expect(server.seen).toEqual([
      '{"type":"reset","data":{"level":3,"seed":7}}',
      '{"type":"step","data":{"move":2}}',
      '{"type":"reset","data":{}}',
    ]);
    expect(server.headers).toEqual(['Bearer correct-horse']);
  });

  it.each([
    ['true', 1],
    ['false', 0],
    ['null', 0],
    ['-2', -2],
    ['1e-3', 0.001],
  ])('reads the reward %s as %d', async (written, reward) => {
    const server = await follow(always(observed(0, `"reward":${written},"done":false`)));
    const env = play(server.url);
    await env.reset();
    expect((await env.step(0)).reward).toBe(reward);
  });

  it.each([
    ['NaN', Number.NaN],
    ['Infinity', Infinity],
    ['-Infinity', -Infinity],
  ])('reads %s in an observation', async (written, x) => {
    const server = await follow(always(observed(written)));
    expect((await play(server.url).reset()).obs[0]).toBe(x);
  });

  it('truncates episodes itself, and leaves what servers of ours tell', async () => {
    const message = '{"x":0,"truncated":true}';
    const server = await follow(always(observed(0)), ({ type }) =>
      observed(0)
        .replace('{"x":0}', message)
        .replace('false', String(type === 'step')),
    );
    const env = play(server.url, { maxEpisodeSteps: 2 });
    await env.reset();
    expect(await env.step(0)).toMatchObject({ terminated: false, truncated: false });
    expect(await env.step(0)).toMatchObject({ terminated: false, truncated: true });
    const other = play(server.url);
    await other.reset();
    expect(await other.step(0)).toMatchObject({ terminated: false, truncated: true });
  });

  it('says that it is done as it closes', async () => {
    const server = await follow(always(observed(0)));
    const env = play(server.url);
    await env.reset();
    await env.close!();
    await expect.poll(() => server.seen.at(-1)).toBe('{"type":"close"}');
  });

  it.each(['localhost:8000', 'ftp://x', ''])('refuses the URL %j', (url) => {
    expect(() => play(url)).toThrow(/^openEnv: url: expected http\(s\):\/\/ or ws\(s\):\/\//);
  });

  it('must be reset before its first step', async () => {
    await expect(play('ws://127.0.0.1:1').step(0)).rejects.toThrow('step() before reset()');
  });
});

describe('what a server says is wrong', () => {
  it.each([
    ['EXECUTION_ERROR', '', /step: EXECUTION_ERROR: it said$/],
    ['UNKNOWN_TYPE', '', /UNKNOWN_TYPE: it said$/],
    ['INVALID_JSON', '', /INVALID_JSON: it said$/],
    ['VALIDATION_ERROR', ',"errors":[{"loc":["move"]}]', /it said \[\{"loc":\["move"\]\}\]$/],
  ])('with %s is thrown, and the next episode goes on', async (code, more, message) => {
    const server = await follow(({ type }) =>
      type === 'reset' ? observed(0) : errored(code, more),
    );
    const env = play(server.url);
    await env.reset();
    const step = env.step(0) as Promise<unknown>;
    await expect(step).rejects.toMatchObject({
      name: 'OpenEnvError',
      code,
      message: expect.stringMatching(message),
    });
    await env.reset();
    expect(server.connections()).toBe(1);
  });

  it('with CAPACITY_REACHED is waited for', async () => {
    const full = always(errored('CAPACITY_REACHED', ',"active_sessions":1,"max_sessions":1'));
    const server = await follow(full, full, always(observed(5)));
    expect((await play(server.url).reset()).obs[0]).toBe(5);
    expect(server.connections()).toBe(3);
  });

  it('of one of our own servers, which comes unasked, is waited for', async () => {
    const server = await EnvServer.listen(() => makeEnv('CartPole-v1'), { id: 'x', capacity: 1 });
    closing.push(() => server.close());
    const make = () => {
      const env = openEnv({
        url: server.url.replace('/v1/env', ''),
        observationSpace: new Box({ shape: [4], low: -Infinity, high: Infinity }),
        actionSpace: new Discrete(2),
        encodeAction: (action) => ({ action }),
        decodeObs: ({ obs }) => Float32Array.from(obs as number[]),
        maxEpisodeSteps: 9,
      });
      closing.push(() => env.close?.());
      return env;
    };
    const [first, second] = [make(), make()];
    await first.reset();
    const waiting = second.reset();
    first.close?.();
    expect((await waiting).obs).toHaveLength(4);
  });

  it('with FACTORY_ERROR is thrown, on a connection that is given up', async () => {
    const server = await follow(always(errored('FACTORY_ERROR')), always(observed(0)));
    const env = play(server.url);
    await expect(env.reset()).rejects.toThrow(/reset: FACTORY_ERROR: it said$/);
    await env.reset();
    expect(server.connections()).toBe(2);
  });

  it.each([
    ['no JSON', '{', /step: frame: .*JSON/],
    ['no reply', '{"type":"pong"}', /expected a reply of OpenEnv, got another message: type: /],
    ['a reward that is no number', observed(0, '"reward":"1","done":false'), /data\.reward: /],
    ['a reward that is not finite', observed(0, '"reward":NaN,"done":false'), /data\.reward: /],
    ['no observation', '{"type":"observation","data":{"reward":0}}', /data\.observation: /],
    ['what is too deep', `${'['.repeat(80)}${']'.repeat(80)}`, /deeper than 64/],
  ])('in no words of OpenEnv (%s) is thrown', async (_, answer, message) => {
    const server = await follow(({ type }) => (type === 'reset' ? observed(0) : answer));
    const env = play(server.url);
    await env.reset();
    await expect(env.step(0)).rejects.toThrow(message);
    await env.reset();
    expect(server.connections()).toBe(2);
  });
});

describe('whatever a server says', () => {
  it('an episode begins, or why it does not is thrown', async () => {
    let answer = '';
    const env = play((await follow(() => answer)).url);
    const frames = fc.oneof(
      fc.string(),
      fc.json(),
      fc
        .record({ type: fc.constantFrom('observation', 'error', 'state'), data: fc.jsonValue() })
        .map((message) => JSON.stringify(message)),
    );
    await fc.assert(
      fc.asyncProperty(frames, async (frame) => {
        answer = frame;
        const begun = Promise.resolve(env.reset());
        expect(await begun.then(() => 'begun', Object)).toSatisfy(
          (outcome) => String(outcome) === 'begun' || outcome instanceof Error,
        );
      }),
      { numRuns: 100 },
    );
  });

  it('takes images, in lists of numbers', async () => {
    const pixels = 210 * 160 * 3;
    const server = await follow(always(observed(`[${'255,'.repeat(pixels - 1)}255]`)));
    let seen = 0;
    const env = play(server.url, {
      decodeObs: ({ x }) => {
        seen = (x as number[]).length;
        return Float32Array.of(0);
      },
    });
    await env.reset();
    expect(seen).toBe(pixels);
  });
});

describe('an episode is lost', () => {
  const lost: [string, Script, RegExp][] = [
    [
      'where the connection breaks',
      (_, socket) => socket.terminate(),
      /closed with 1006, the connection broke$/,
    ],
    [
      'where the server goes',
      (_, socket) => socket.close(1001, 'going'),
      /closed with 1001, going$/,
    ],
    ['for SESSION_ERROR', () => errored('SESSION_ERROR'), /step: SESSION_ERROR: it said$/],
    [
      'for a binary frame',
      (_, socket) => socket.send(Buffer.from(observed(0))),
      /frame: expected text, got binary/,
    ],
  ];
  it.each(lost)('%s, and the next one begins', async (_, script, message) => {
    const server = await follow(
      (sent, socket) => (sent.type === 'reset' ? observed(0) : script(sent, socket)),
      always(observed(1)),
    );
    const env = play(server.url);
    await env.reset();
    const step = env.step(0) as Promise<unknown>;
    await expect(step).rejects.toThrow(message);
    await expect(step).rejects.toBeInstanceOf(EnvDisconnectedError);
    await expect(env.step(0)).rejects.toBeInstanceOf(EnvDisconnectedError);
    expect((await env.reset()).obs[0]).toBe(1);
    expect(server.connections()).toBe(2);
  });

  it('where no answer comes in time, which is not taken for the next one', async () => {
    const server = await follow(
      ({ type }) => (type === 'reset' ? observed(0) : undefined),
      always(observed(1)),
    );
    const env = play(server.url, { timeoutMs: 500 });
    await env.reset();
    const step = env.step(0) as Promise<unknown>;
    await expect(step).rejects.toThrow(/step: no answer within 500 ms$/);
    await expect(step).rejects.toBeInstanceOf(EnvDisconnectedError);
    expect((await env.reset()).obs[0]).toBe(1);
    expect(server.connections()).toBe(2);
  });

  it('for what was not asked for', async () => {
    const server = await follow((_, socket) => {
      socket.send(observed(0));
      return observed(1);
    });
    const env = play(server.url, { maxEpisodeSteps: 1000 });
    await env.reset();
    const step = async () => env.step(0);
    await expect.poll(() => step().then(String, ({ name }) => name)).toBe('EnvDisconnectedError');
  });
});

describe('a server that cannot be reached', () => {
  it('is looked for until it is there', async () => {
    const port = await freePort();
    const reset = play(`ws://127.0.0.1:${port}/`).reset();
    const server = await EnvServer.listen(() => new CountEnv(), { id: 'Count', port });
    closing.push(() => server.close());
    expect(await reset).toMatchObject({ info: {} });
  });

  it('is no longer looked for once the environment is closed', async () => {
    const env = play(`ws://127.0.0.1:${await freePort()}`);
    const reset = env.reset();
    env.close!();
    await expect(reset).rejects.toThrow();
  });

  it('that refuses for good is thrown at once', async () => {
    const server = await EnvServer.listen(() => new CountEnv(), {
      id: 'Count',
      token: 'correct-horse',
    });
    closing.push(() => server.close());
    const url = server.url.replace('/v1/env', '');
    await expect(play(url).reset()).rejects.toThrow(/UNAUTHENTICATED/);
  });
});

it('plays an environment of our own server the same as the environment itself', async () => {
  const server = await EnvServer.listen(() => makeEnv('CartPole-v1'), { id: 'CartPole-v1' });
  closing.push(() => server.close());
  const local = makeEnv('CartPole-v1') as Env<Float32Array, number>;
  const remote = play(server.url.replace('/v1/env', '/ws'), {
    observationSpace: local.observationSpace,
    actionSpace: local.actionSpace,
    encodeAction: (action) => ({ action }),
    decodeObs: ({ obs }) => Float32Array.from(obs as number[]),
    maxEpisodeSteps: 500,
  });
  const [here, there] = [await local.reset({ seed: 3 }), await remote.reset({ seed: 3 })];
  expect(there.obs).toEqual(here.obs);
  for (let i = 0; ; i++) {
    const [here, there] = [await local.step(i % 2), await remote.step(i % 2)];
    expect(there).toMatchObject({ ...here, info: {} });
    if (here.terminated) break;
  }
});

async function freePort(): Promise<number> {
  const server = new WebSocketServer({ port: 0, host: '127.0.0.1' });
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}
