import { once } from 'node:events';
import fc from 'fast-check';
import { afterEach, describe, expect, it } from 'vitest';
import { WebSocket } from 'ws';
import { Box, Dict, type EnvFactory, MultiDiscrete, Text, Tuple } from '../../../src/envs/index.ts';
import { EnvServer, type EnvServerOptions } from '../../../src/envs/server/env-server.ts';
import { CountEnv, HeldEnv } from '../../support/count-env.ts';

const closing: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close();
});

async function serve(
  factory: EnvFactory = () => new CountEnv(),
  options: Partial<EnvServerOptions> = {},
) {
  const server = await EnvServer.listen(factory, { id: 'Count', ...options });
  closing.push(() => server.close());
  return server;
}

const at = (server: EnvServer, path: string) => server.url.replace('/v1/env', path);

/** A client of few words: sends a text, and waits for one. */
async function connect(server: EnvServer) {
  const socket = new WebSocket(at(server, '/ws'), { perMessageDeflate: false });
  closing.push(() => socket.terminate());
  const end = new Promise<number>((resolve) => socket.once('close', resolve));
  const frames: string[] = [];
  let heard = () => {};
  socket.on('message', (data) => {
    frames.push(String(data));
    heard();
  });
  const next = async (): Promise<string> => {
    while (frames.length === 0) {
      await new Promise<void>((resolve) => {
        heard = resolve;
      });
    }
    return frames.shift()!;
  };
  await once(socket, 'open');
  const ask = async (frame: string) => {
    socket.send(frame);
    return JSON.parse(await next());
  };
  return { socket, end, next, ask };
}

const reset = '{"type":"reset"}';
const step = '{"type":"step","data":{"action":1}}';

describe('a session of OpenEnv', () => {
  it('plays an episode, and says its state', async () => {
    const { socket, ask, next, end } = await connect(await serve());
    socket.send('{"type":"reset","data":{"seed":42,"episode_id":"e1","difficulty":"hard"}}');
    expect(await next()).toBe(
      '{"type":"observation","data":{"observation":{"obs":[1,0],"truncated":false,"info":{"difficulty":1}},"reward":null,"done":false}}',
    );
    socket.send('{"type":"step","data":{"action":3,"metadata":{"from":"test"}}}');
    expect(await next()).toBe(
      '{"type":"observation","data":{"observation":{"obs":[1,1],"truncated":false,"info":{"difficulty":-1}},"reward":11,"done":false}}',
    );
    socket.send('{"type":"state"}');
    expect(await next()).toBe('{"type":"state","data":{"episode_id":"e1","step_count":1}}');
    await ask(step);
    expect((await ask(step)).data).toMatchObject({ reward: 13, done: true });
    expect((await ask(step)).data).toMatchObject({ code: 'EXECUTION_ERROR' });
    // The next episode is the next one, as none began by itself.
    expect((await ask(reset)).data.observation.obs).toEqual([2, 0]);
    const { episode_id, step_count } = (await ask('{"type":"state"}')).data;
    expect(episode_id).toMatch(/^[0-9a-f-]{36}$/);
    expect(step_count).toBe(0);
    socket.send('{"type":"close"}');
    expect(await end).toBe(1000);
  });

  it('seeds its environment, and gives it options', async () => {
    const env = new CountEnv();
    let options: unknown;
    const reset = env.reset.bind(env);
    env.reset = (given) => {
      options = (given as { options?: unknown }).options;
      return reset(given);
    };
    const { ask } = await connect(await serve(() => env));
    await ask('{"type":"reset","data":{"seed":7,"options":{"level":2}}}');
    await ask('{"type":"reset","data":{"seed":null,"episode_id":null}}');
    expect(env.seeds).toEqual([7, undefined]);
    expect(options).toBeUndefined();
  });

  it('says that a limit ended an episode', async () => {
    const { ask } = await connect(await serve(() => new CountEnv(1, 'truncated')));
    await ask(reset);
    expect((await ask(step)).data).toMatchObject({ observation: { truncated: true }, done: true });
  });

  it('shows masks and infos, its arrays as lists', async () => {
    const env = new CountEnv();
    env.reset = () => ({
      obs: Float32Array.of(0, 0),
      info: { actionMask: Uint8Array.of(1, 0, 1), seen: Int16Array.of(-1, 2), of: new Map() },
    });
    const { ask } = await connect(await serve(() => env));
    expect((await ask(reset)).data.observation).toEqual({
      obs: [0, 0],
      truncated: false,
      action_mask: [1, 0, 1],
      info: { seen: [-1, 2] },
    });
  });

  it('carries values of every space', async () => {
    const space = new Dict({
      grid: new MultiDiscrete([3, 3, 3, 3], { shape: [2, 2] }),
      pair: new Tuple([new Text({ maxLength: 4 }), new Box({ shape: [], low: 0, high: 1 })]),
    });
    let taken: unknown;
    const obs = { grid: Int32Array.of(0, 1, 2, 0), pair: ['ab', Float32Array.of(0.5)] };
    const over = { obs, reward: 0, terminated: true, truncated: false, info: {} };
    const { ask } = await connect(
      await serve(() => ({
        observationSpace: space,
        actionSpace: space,
        reset: () => ({ obs, info: {} }),
        step: (action: unknown) => {
          taken = action;
          return over;
        },
      })),
    );
    const wire = '{"grid":[[0,1],[2,0]],"pair":["ab",0.5]}';
    expect(JSON.stringify((await ask(reset)).data.observation.obs)).toBe(wire);
    expect(await ask(`{"type":"step","data":{"action":${wire}}}`)).toMatchObject({
      data: { done: true },
    });
    expect(taken).toMatchObject({ grid: Int32Array.of(0, 1, 2, 0), pair: ['ab', {}] });
  });

  it('answers in order what is asked at once', async () => {
    const env = new HeldEnv();
    const { socket, next } = await connect(await serve(() => env));
    for (const frame of [reset, step, '{"type":"state"}']) socket.send(frame);
    await next();
    while (env.waiting === 0) await new Promise(setImmediate);
    await env.answer();
    expect(JSON.parse(await next()).data.reward).toBe(11);
    expect(JSON.parse(await next()).data.step_count).toBe(1);
  });
});

describe('what is wrong with a request is said, and the session goes on:', () => {
  it.each([
    ['no JSON', '{"type":', 'INVALID_JSON', /^Invalid JSON: /],
    ['deep nesting', `${'['.repeat(40)}${']'.repeat(40)}`, 'INVALID_JSON', /deeper than 32/],
    ['many entries', `[0${',0'.repeat(1_000_001)}]`, 'INVALID_JSON', /more than 1000000 entries/],
    ['an unknown type', '{"type":"validation_open"}', 'UNKNOWN_TYPE', /: validation_open$/],
    ['no type', '{}', 'UNKNOWN_TYPE', /^Unknown message type: $/],
    ['a type that is no name', '{"type":1}', 'UNKNOWN_TYPE', /number$/],
    ['no data', '{"type":"step"}', 'VALIDATION_ERROR', /step\.data: /],
    ['no action', '{"type":"step","data":{}}', 'VALIDATION_ERROR', /data\.action: expected/],
    [
      'an action outside the space',
      '{"type":"step","data":{"action":0}}',
      'VALIDATION_ERROR',
      /step\.data\.action: expected an integer in 1\.\.3, got 0$/,
    ],
    ['NaN', '{"type":"step","data":{"action":NaN}}', 'VALIDATION_ERROR', /got NaN$/],
    ['another field', '{"type":"step","data":{"action":1,"x":2}}', 'VALIDATION_ERROR', /"x"/],
    ['another key', '{"type":"state","id":1}', 'VALIDATION_ERROR', /"id"/],
    ['a negative seed', '{"type":"reset","data":{"seed":-1}}', 'VALIDATION_ERROR', /data\.seed/],
    ['a step before a reset', step, 'EXECUTION_ERROR', /expected an episode in progress/],
  ])('%s', async (_, frame, code, message) => {
    const { ask } = await connect(await serve());
    const { type, data } = await ask(frame);
    expect(type).toBe('error');
    expect(data).toMatchObject({ code, message: expect.stringMatching(message) });
    expect(Object.hasOwn(data, 'errors')).toBe(code === 'VALIDATION_ERROR');
    expect((await ask(reset)).type).toBe('observation');
  });

  it('an environment that throws, which is made again', async () => {
    let made = 0;
    const { ask } = await connect(
      await serve(() => {
        const env = new CountEnv();
        if (made++ === 1) {
          env.step = () => {
            throw new Error('it broke');
          };
        }
        return env;
      }),
    );
    await ask(reset);
    expect((await ask(step)).data).toEqual({
      code: 'EXECUTION_ERROR',
      message: 'step failed: it broke',
    });
    await ask(reset);
    expect((await ask(step)).data.reward).toBe(11);
    expect(made).toBe(3);
  });

  it('where each is wrong', async () => {
    const { ask } = await connect(await serve());
    const { data } = await ask('{"type":"reset","data":{"seed":1.5,"episode_id":5}}');
    expect(data.errors).toEqual([
      { type: 'invalid_type', loc: ['data', 'seed'], msg: expect.any(String) },
      { type: 'invalid_type', loc: ['data', 'episode_id'], msg: expect.any(String) },
    ]);
  });

  it('an MCP request, since there are no tools', async () => {
    const { ask } = await connect(await serve());
    const list = '{"jsonrpc":"2.0","method":"tools/list","params":{},"id":1}';
    expect(await ask(`{"type":"mcp","data":${list}}`)).toEqual({
      type: 'mcp',
      data: {
        jsonrpc: '2.0',
        id: 1,
        error: {
          code: -32601,
          message: 'tools/list: these environments have no MCP tools',
          data: null,
        },
      },
    });
    expect(await ask('{"type":"mcp","data":{"method":"tools/list"}}')).toMatchObject({
      data: { id: null, error: { code: -32600 } },
    });
  });
});

describe('a session of OpenEnv ends', () => {
  it.each([
    ['for JSON that is no object', '[]', 1011],
    ['for null', 'null', 1011],
    ['for a binary frame', Buffer.from(reset), 1007],
  ])('%s', async (_, frame, code) => {
    const { socket, next, end } = await connect(await serve());
    socket.send(frame);
    expect(JSON.parse(await next())).toMatchObject({
      type: 'error',
      data: { code: 'SESSION_ERROR' },
    });
    expect(await end).toBe(code);
  });

  it('for more requests at once than may wait', async () => {
    const { socket, next, end } = await connect(await serve(() => new HeldEnv()));
    socket.send(reset);
    await next();
    for (let i = 0; i < 20; i++) socket.send(step);
    expect(JSON.parse(await next()).data.message).toMatch(/^RATE_LIMITED: /);
    expect(await end).toBe(1008);
  });

  it('for too large a frame', async () => {
    const { socket, end } = await connect(await serve(undefined, { maxPayload: 1000 }));
    socket.send(' '.repeat(2000));
    expect(await end).toBe(1009);
  });

  it('where nothing is asked for too long', async () => {
    const { next, end } = await connect(await serve(undefined, { idleMs: 20 }));
    expect(JSON.parse(await next()).data).toEqual({
      code: 'SESSION_ERROR',
      message: 'IDLE: session: no request for 20 ms',
    });
    expect(await end).toBe(4003);
  });

  it('as the server goes, and closes its environment', async () => {
    const env = new CountEnv();
    const server = await serve(() => env);
    const before = env.closed; // by the look that the server takes as it begins
    const { ask, end } = await connect(server);
    await ask(reset);
    await server.close();
    expect(await end).toBe(1001);
    expect(env.closed).toBe(before + 1);
  });

  it('where no environment can be made', async () => {
    let made = 0;
    const server = await serve(function count() {
      if (made++ > 0) throw new Error('none left');
      return new CountEnv();
    });
    const { ask, end } = await connect(server);
    expect(await ask(reset)).toEqual({
      type: 'error',
      data: {
        code: 'FACTORY_ERROR',
        message: 'could not be made: none left',
        factory_name: 'count',
      },
    });
    expect(await end).toBe(1011);
    expect(server.status.envs).toBe(0);
  });

  it('and gives back its room once its environment is made and closed, however that goes', async () => {
    const faults: unknown[] = [];
    let made = () => {};
    let count = 0;
    const server = await serve(
      async () => {
        const env = new CountEnv();
        if (count++ === 0) return env;
        env.close = () => Promise.reject(new Error('it will not'));
        await new Promise<void>((resolve) => {
          made = resolve;
        });
        return env;
      },
      { capacity: 1, onFault: (fault) => faults.push(String(fault)) },
    );
    const first = await connect(server);
    first.socket.terminate();
    await first.end;
    const second = await connect(server);
    expect((await second.ask(reset)).data.code).toBe('CAPACITY_REACHED');
    made();
    await expect.poll(() => server.status.envs).toBe(0);
    expect(faults).toEqual(['Error: it will not']);
  });

  it('before it begins where no environment is free, and gives back its own', async () => {
    const server = await serve(undefined, { capacity: 1 });
    const first = await connect(server);
    await first.ask(reset);
    expect(server.status).toMatchObject({ sessions: 1, envs: 1 });
    const second = await connect(server);
    expect(await second.ask(reset)).toEqual({
      type: 'error',
      data: {
        code: 'CAPACITY_REACHED',
        message: 'Server at capacity: 1/1 environments are taken',
        active_sessions: 1,
        max_sessions: 1,
      },
    });
    expect(await second.end).toBe(1013);
    first.socket.send('{"type":"close"}');
    await first.end;
    const third = await connect(server);
    expect((await third.ask(reset)).type).toBe('observation');
  });

  it('with a code, or answers, whatever is sent', async () => {
    const server = await serve();
    let { socket, ask } = await connect(server);
    const frames = fc.oneof(
      fc.string(),
      fc.json(),
      fc
        .record({
          type: fc.constantFrom('reset', 'step', 'state', 'mcp', '__proto__'),
          data: fc.dictionary(
            fc.constantFrom('action', 'seed', 'metadata', '__proto__'),
            fc.jsonValue(),
          ),
        })
        .map((message) => JSON.stringify(message)),
    );
    await fc.assert(
      fc.asyncProperty(frames, async (frame) => {
        const { type, data } = await ask(frame);
        expect(['observation', 'state', 'mcp', 'error']).toContain(type);
        if (data.code === 'SESSION_ERROR') {
          socket.terminate();
          ({ socket, ask } = await connect(server));
        }
      }),
      { numRuns: 300 },
    );
  });
});

describe('over HTTP', () => {
  // biome-ignore lint/suspicious/noExplicitAny: pages of every kind
  const json = async (url: string, init?: RequestInit): Promise<any> =>
    (await fetch(url, init)).json();

  it("shows what OpenEnv's tools ask for", async () => {
    const server = await serve();
    const page = at(server, '').replace('ws', 'http');
    const { action, observation, state } = await json(`${page}/schema`);
    expect(action).toMatchObject({
      properties: { action: { type: 'integer', minimum: 1, maximum: 3 } },
      required: ['action'],
    });
    expect(observation.properties).toMatchObject({
      obs: { type: 'array', items: { type: 'number' }, minItems: 2, maxItems: 2 },
      truncated: { type: 'boolean' },
      reward: { type: ['number', 'null'] },
      done: { type: 'boolean' },
    });
    expect(Object.keys(state.properties)).toEqual(['episode_id', 'step_count']);
    const openApi = await json(`${page}/openapi.json`);
    expect(openApi.info.version).toBe('1.0.0');
    expect(Object.keys(openApi.paths)).toEqual(['/health', '/metadata', '/schema', '/mcp']);
  });

  it('answers MCP requests, however wrong', async () => {
    const url = at(await serve(), '/mcp').replace('ws', 'http');
    const post = (body: string) => json(url, { method: 'POST', body });
    expect(await post('{"jsonrpc":"2.0","method":"x","id":"a"}')).toMatchObject({
      jsonrpc: '2.0',
      id: 'a',
      error: { code: -32601 },
    });
    expect(await post('{}')).toMatchObject({ jsonrpc: '2.0', error: { code: -32600 } });
    expect(await post('{')).toMatchObject({ jsonrpc: '2.0', error: { code: -32700 } });
    const large = await fetch(url, { method: 'POST', body: ' '.repeat(100_000) });
    expect(large.status).toBe(413);
    expect((await fetch(url)).status).toBe(405);
  });
});
