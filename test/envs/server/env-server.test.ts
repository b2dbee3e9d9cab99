import { afterEach, describe, expect, it, vi } from 'vitest';
import { type Env, makeEnv } from '../../../src/envs/index.ts';
import type { Connection } from '../../../src/envs/net/socket/connection.ts';
import { dial } from '../../../src/envs/net/socket/dial.ts';
import { sayHello } from '../../../src/envs/net/socket/handshake.ts';
import { codecs } from '../../../src/envs/net/wire/codec.ts';
import type { NdArray } from '../../../src/envs/net/wire/ndarray.ts';
import { EnvServer, type EnvServerOptions } from '../../../src/envs/server/env-server.ts';

const closing: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close();
});

async function serve(options: Partial<EnvServerOptions> = {}, factory = () => makeEnv('KHop-v0')) {
  const server = await EnvServer.listen(factory, { id: 'KHop-v0', ...options });
  closing.push(() => server.close());
  return server;
}

const hello = { t: 'hello', v: 1, role: 'trainer', client: 'test' } as const;

/** A trainer of few words: asks, and waits for one reply. */
async function connect(url: string, opening: object = {}, codec = codecs()[0]) {
  const connection = await dial(url, codec);
  closing.push(() => connection.terminate());
  const welcome = await sayHello(connection, { ...hello, ...opening });
  const end = new Promise<{ code: number }>((resolve) => {
    connection.onClose = resolve;
  });
  return { connection, welcome, end, ask: (message: object) => ask(connection, message) };
}

// biome-ignore lint/suspicious/noExplicitAny: replies of every kind
function ask(connection: Connection, message: object): Promise<any> {
  return new Promise((resolve) => {
    connection.onMessage = resolve;
    connection.send(message);
  });
}

describe.each(codecs())('an environment server, in $subprotocol', (codec) => {
  it('plays the same as the environment itself', async () => {
    const server = await serve();
    const { welcome, ask } = await connect(server.url, { numEnvs: 2 }, codec);
    expect(welcome).toMatchObject({ resumed: false, numEnvs: 2, env: { id: 'KHop-v0' } });
    const local = makeEnv('KHop-v0');
    const first = await local.reset({ seed: 7 });
    const began = await ask({ t: 'reset', envs: [0, 1], seq: [1, 1], seeds: [7, 8] });
    expect(began).toMatchObject({ t: 'began', info: [{ difficulty: first.info.difficulty }, {}] });
    const row = (array: NdArray, i: number) => {
      const size = array.data.length / array.shape[0];
      return Array.from(array.data.subarray(i * size, (i + 1) * size));
    };
    expect(row(began.obs, 0)).toEqual(Array.from(first.obs as number[]));
    const step = await local.step(1);
    const stepped = await ask({ t: 'step', envs: [0], seq: [2], actions: [1] });
    expect(stepped).toMatchObject({ t: 'stepped', reward: { data: Float64Array.of(step.reward) } });
    expect(stepped.terminated.data[0]).toBe(Number(step.terminated));
    // KHop ends with each answer, so the next episode comes with it.
    const next = await local.reset();
    expect(stepped.next.at.data[0]).toBe(0);
    expect(row(stepped.next.obs, 0)).toEqual(Array.from(next.obs as number[]));
  });
});

describe('an environment server', () => {
  it('answers a request that is sent again from its last reply', async () => {
    let steps = 0;
    const server = await serve({}, () => {
      const env = makeEnv('CartPole-v1');
      const step = env.step.bind(env);
      env.step = (action) => {
        steps++;
        return step(action);
      };
      return env;
    });
    const { ask } = await connect(server.url);
    await ask({ t: 'reset', envs: [0], seq: [1], seeds: [3] });
    const request = { t: 'step', envs: [0], seq: [2], actions: [1] };
    const once = await ask(request);
    expect(await ask(request)).toEqual(once);
    expect(steps).toBe(1);
  });

  it('goes on with the same environments on another connection', async () => {
    const server = await serve();
    const first = await connect(server.url);
    await first.ask({ t: 'reset', envs: [0], seq: [1], seeds: [3] });
    first.connection.terminate();
    await first.end;
    const { session, token } = first.welcome;
    const second = await connect(server.url, { resume: { session, token } });
    expect(second.welcome).toMatchObject({ resumed: true, session });
    const reply = await second.ask({ t: 'step', envs: [0], seq: [2], actions: [0] });
    expect(reply.t).toBe('stepped');
  });

  it('resumes nothing for another token, and ends the connection it replaces', async () => {
    const server = await serve();
    const { welcome, end } = await connect(server.url);
    const { session, token } = welcome;
    const wrong = connect(server.url, { resume: { session, token: 'another' } });
    await expect(wrong).rejects.toMatchObject({ code: 'SESSION_EXPIRED' });
    await connect(server.url, { resume: { session, token } });
    expect((await end).code).toBe(4001);
  });

  it('gives as many environments as it has left, then none', async () => {
    const server = await serve({ capacity: 3 });
    const first = await connect(server.url, { numEnvs: 2 });
    expect((await connect(server.url, { numEnvs: 2 })).welcome.numEnvs).toBe(1);
    await expect(connect(server.url)).rejects.toMatchObject({ code: 'CAPACITY_REACHED' });
    first.connection.send({ t: 'close' });
    await first.end;
    expect((await connect(server.url, { numEnvs: 2 })).welcome.numEnvs).toBe(2);
  });

  it.each([
    ['another sequence number', { t: 'step', envs: [0], seq: [3], actions: [0] }, 1008],
    ['an environment there is not', { t: 'reset', envs: [1], seq: [1] }, 1008],
    ['an unknown field', { t: 'reset', envs: [0], seq: [2], sed: 1 }, 1008],
    ['another batch', { t: 'step', envs: [0], seq: [2], actions: [0, 0] }, 1008],
  ])('ends a connection for %s', async (_, message, code) => {
    const server = await serve();
    const { ask, end } = await connect(server.url);
    await ask({ t: 'reset', envs: [0], seq: [1] });
    expect(await ask(message)).toMatchObject({ t: 'error' });
    expect((await end).code).toBe(code);
  });

  it('refuses what is out of order or outside a space, and goes on', async () => {
    const server = await serve();
    const { ask } = await connect(server.url);
    expect(await ask({ t: 'step', envs: [0], seq: [1], actions: [0] })).toMatchObject({
      t: 'failed',
      code: 'REFUSED',
    });
    await ask({ t: 'reset', envs: [0], seq: [2] });
    expect(await ask({ t: 'step', envs: [0], seq: [3], actions: [99] })).toMatchObject({
      code: 'REFUSED',
      message: expect.stringMatching(/^action: expected an integer in 0../),
    });
    expect((await ask({ t: 'step', envs: [0], seq: [4], actions: [0] })).t).toBe('stepped');
  });

  it('makes an environment again that has failed', async () => {
    let made = 0;
    const server = await serve({}, () => {
      const env = makeEnv('CartPole-v1');
      if (made++ === 1) {
        env.step = () => {
          throw new Error('it broke');
        };
      }
      return env;
    });
    const { ask } = await connect(server.url);
    await ask({ t: 'reset', envs: [0], seq: [1] });
    const failed = await ask({ t: 'step', envs: [0], seq: [2], actions: [0] });
    expect(failed).toMatchObject({ code: 'ENV_FAILED', message: 'step failed: it broke' });
    await ask({ t: 'reset', envs: [0], seq: [3] });
    expect((await ask({ t: 'step', envs: [0], seq: [4], actions: [0] })).t).toBe('stepped');
    expect(made).toBe(3);
  });

  it('saves and restores exactly', async () => {
    const server = await serve({ id: 'CartPole-v1' }, () => makeEnv('CartPole-v1'));
    const { ask } = await connect(server.url);
    await ask({ t: 'reset', envs: [0], seq: [1] });
    const { states } = await ask({ t: 'snapshot', envs: [0], seq: [2] });
    const once = await ask({ t: 'step', envs: [0], seq: [3], actions: [1] });
    await ask({ t: 'restore', envs: [0], seq: [4], states });
    const again = await ask({ t: 'step', envs: [0], seq: [5], actions: [1] });
    expect(again.obs).toEqual(once.obs);
  });

  it('shows its state over HTTP', async () => {
    const server = await serve();
    const { ask } = await connect(server.url, { numEnvs: 2 });
    await ask({ t: 'reset', envs: [0, 1], seq: [1, 1] });
    const page = async (path: string) => {
      const url = server.url.replace('ws', 'http').replace('/v1/env', path);
      return (await fetch(url)).text();
    };
    expect(JSON.parse(await page('/health'))).toMatchObject({ status: 'healthy', envs: 2 });
    expect(JSON.parse(await page('/metadata'))).toMatchObject({ env: { id: 'KHop-v0' } });
    const { messages } = JSON.parse(await page('/schema'));
    const requests = messages.envRequest.oneOf as { properties: { t: { const: string } } }[];
    expect(requests.map(({ properties }) => properties.t.const)).toEqual([
      ...['reset', 'step', 'snapshot', 'restore', 'render', 'close'],
    ]);
    expect(messages).not.toHaveProperty('policyRequest');
    expect(await page('/metrics')).toMatch(/pondera_env_requests_total\{verb="reset"\} 2/);
  });

  it('sends no mask of an episode that has ended, however long that is', async () => {
    let made = 0;
    const server = await serve({}, () => {
      const env = makeEnv('KnownMask-v0');
      const size = 4 + made++;
      env.step = () => {
        const info = { actionMask: new Array<number>(size).fill(1) };
        return { obs: 0, reward: 0, terminated: true, truncated: false, info };
      };
      return env;
    });
    const { ask } = await connect(server.url, { numEnvs: 2 });
    const { obs } = await ask({ t: 'reset', envs: [0, 1], seq: [1, 1] });
    const stepped = await ask({ t: 'step', envs: [0, 1], seq: [2, 2], actions: obs });
    expect(stepped).toMatchObject({ t: 'stepped', next: { actionMask: { shape: [2, 4] } } });
    expect(stepped.actionMask).toBeUndefined();
  });

  it('keeps no environment that was still being made as it closed', async () => {
    let [finish, making, closed] = [() => {}, () => {}, 0];
    const begun = new Promise<void>((resolve) => {
      making = resolve;
    });
    let made = 0;
    const factory = async () => {
      const env = { ...bare(makeEnv('CartPole-v1')), close: () => void closed++ };
      if (made++ > 0) {
        making();
        await new Promise<void>((resolve) => {
          finish = resolve;
        });
      }
      return env;
    };
    const server = await EnvServer.listen(factory, { id: 'CartPole-v1' });
    const refused = connect(server.url);
    refused.catch(() => {});
    await begun;
    await server.close();
    finish();
    await expect(refused).rejects.toThrow();
    await vi.waitFor(() => expect(closed).toBe(2));
  });
});

/** The parts of an environment as properties of its own. */
function bare(env: Env): Env {
  const { observationSpace, actionSpace } = env;
  return { observationSpace, actionSpace, reset: () => env.reset(), step: (a) => env.step(a) };
}
