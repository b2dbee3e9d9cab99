import { afterEach, describe, expect, it } from 'vitest';
import {
  type Env,
  EnvDisconnectedError,
  type EnvFactory,
  makeEnv,
  RemoteEnvs,
} from '../../../src/envs/index.ts';
import type { Connection } from '../../../src/envs/net/socket/connection.ts';
import { SocketServer } from '../../../src/envs/net/socket/socket-server.ts';
import type { RemoteSource } from '../../../src/envs/remote/relay.ts';
import { dialTrainer } from '../../../src/envs/server/dial-trainer.ts';
import { EnvServer, type EnvServerOptions } from '../../../src/envs/server/env-server.ts';
import { built } from '../../support/built.ts';
import { CountEnv, HeldEnv } from '../../support/count-env.ts';

const closing: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close();
});

async function serve(factory: EnvFactory, options: Partial<EnvServerOptions> = {}) {
  const server = await EnvServer.listen(factory, { id: 'Count', ...options });
  closing.push(() => server.close());
  return server;
}

async function open(source: RemoteSource, count: number, options: { timeoutMs?: number } = {}) {
  const { timeoutMs = 10_000 } = options;
  const { envs } = await RemoteEnvs.open({ source, count, timeoutMs, seed: 0 });
  closing.push(() => Promise.all(envs.map((env) => env.close?.())));
  return envs;
}

const count = () => new CountEnv(9) as Env;
const at = (...urls: string[]) => ({ urls, frame: 64 });

describe('environments of servers', () => {
  it('are shared out to several', async () => {
    const servers = [await serve(count), await serve(count), await serve(count)];
    const envs = await open(at(...servers.map(({ url }) => url)), 7);
    expect(envs).toHaveLength(7);
    expect(servers.map(({ status }) => status.envs)).toEqual([2, 2, 3]);
    await Promise.all(envs.map((env) => env.reset()));
  });

  it('come over as many connections as a frame or a server’s share asks for', async () => {
    const { url, status } = await serve(count, { capacity: 7 });
    expect(status.capacity).toBe(7);
    const server = await serve(count);
    await open({ urls: [server.url], frame: 3 }, 7);
    expect(server.status).toMatchObject({ sessions: 3, envs: 7 });
    await expect(open(at(url), 8)).rejects.toThrow(/CAPACITY_REACHED|all 7 environments are taken/);
  });

  it('a slow one keeps nobody waiting', async () => {
    const held = new HeldEnv(9);
    let made = 0;
    // The first one is the server's own look at the spaces.
    const { url } = await serve(() => (made++ === 1 ? held : new CountEnv(9)) as Env);
    const [slow, quick] = await open(at(url), 2);
    await Promise.all([slow.reset(), quick.reset()]);
    const late = slow.step(1);
    for (let i = 1; i < 9; i++) expect(await quick.step(1)).toMatchObject({ reward: 10 + i });
    await held.answer();
    expect(await late).toMatchObject({ reward: 11 });
  });

  it('one that does not answer in time is lost, and its session with it', async () => {
    let made = 0;
    const { url } = await serve(() => (made++ === 1 ? new HeldEnv(9) : new CountEnv(9)) as Env);
    const [slow, quick] = await open(at(url), 2, { timeoutMs: 200 });
    await Promise.all([slow.reset(), quick.reset()]);
    await expect(slow.step(1)).rejects.toThrow(/no answer within 200 ms/);
    await expect(quick.step(1)).rejects.toThrow(EnvDisconnectedError);
    await Promise.all([slow.reset({ seed: 1 }), quick.reset({ seed: 1 })]);
    expect(await slow.step(1)).toMatchObject({ reward: 11 });
  });

  it('one that throws is lost by itself', async () => {
    let made = 0;
    const { url } = await serve(() => {
      const env = new CountEnv(9);
      if (made++ === 1) env.step = () => Promise.reject(new Error('it broke'));
      return env as Env;
    });
    const [broken, sound] = await open(at(url), 2);
    await Promise.all([broken.reset(), sound.reset()]);
    await expect(broken.step(1)).rejects.toThrow(new EnvDisconnectedError('step failed: it broke'));
    expect(await sound.step(1)).toMatchObject({ reward: 11 });
    await broken.reset({ seed: 1 });
    expect(await broken.step(1)).toMatchObject({ reward: 11 });
  });

  it('are refused for ever once there are others in their place', async () => {
    const first = await serve(count);
    const port = Number(new URL(first.url).port);
    const [env] = await open(at(first.url), 1);
    await env.reset();
    await first.close();
    await expect(env.step(0)).rejects.toThrow(EnvDisconnectedError);
    await serve(() => makeEnv('CartPole-v1'), { port });
    await expect(env.reset()).rejects.toThrow(/env.observationSpace: expected .* got/);
    await expect(env.reset({ seed: 1 })).rejects.toThrow(/env.observationSpace: expected .* got/);
  });

  it.each([
    ['nobody listens', 'ws://127.0.0.1:9/v1/env', /ws:\/\/127.0.0.1:9\/v1\/env: .*ECONNREFUSED/],
    ['the path is another', '/v1/nowhere', /NOT_FOUND/],
  ])('cannot be had where %s, and it is said why', async (_, url, message) => {
    const server = await serve(count);
    await expect(open(at(new URL(url, server.url).href), 1)).rejects.toThrow(message);
  });

  it('a server that does not keep to the protocol is refused with the reason', async () => {
    const connect = (connection: Connection) => {
      connection.onMessage = () => connection.send({ t: 'welcome', v: 1 });
    };
    const server = await SocketServer.listen({}, [{ path: '/v1/env', connect }]);
    closing.push(() => server.close());
    await expect(open(at(server.url('/v1/env')), 1)).rejects.toThrow(/welcome.session/);
  });
});

describe('environments that dial in', () => {
  const listen = { host: '127.0.0.1', port: 0 };

  /** Opens a group, and offers environments at the address it then listens at. */
  async function withGuests(guests: number[], seats: number) {
    const leaving = new AbortController();
    const offers: Promise<void>[] = [];
    closing.push(() => {
      leaving.abort();
      return Promise.all(offers);
    });
    let address = '';
    const offer = (many: number) => {
      offers.push(
        dialTrainer(address, count, { id: 'Count', count: many, signal: leaving.signal }),
      );
    };
    const { envs } = await RemoteEnvs.open({
      source: { listen },
      count: seats,
      timeoutMs: 10_000,
      seed: 0,
      onListening: (url) => {
        address = url;
        for (const many of guests) offer(many);
      },
    });
    closing.push(() => Promise.all(envs.map((env) => env.close?.())));
    return { envs, offer };
  }

  it('take seats as they come, and those that have none wait', async () => {
    const { envs, offer } = await withGuests([2], 3);
    await Promise.all([envs[0].reset(), envs[1].reset()]);
    expect(await envs[1].step(1)).toMatchObject({ reward: 11 });
    const third = envs[2].reset();
    offer(5);
    expect(await third).toMatchObject({ obs: Float32Array.of(1, 0) });
  });

  it('serve one group after another', async () => {
    const { envs } = await withGuests([2], 2);
    await Promise.all(envs.map((env) => env.reset()));
    await Promise.all(envs.map((env) => env.close?.()));
    const again = await open({ listen }, 2);
    expect(await again[0].reset({ seed: 1 })).toMatchObject({ info: { difficulty: 2 } });
  });
});

describe('environments in threads', () => {
  it('are begun again when their thread ends', async () => {
    const module = built('test/support/ending-env.ts');
    const envs = await open({ workers: 2, env: { module, options: {} } }, 4);
    await Promise.all(envs.map((env) => env.reset()));
    await expect(envs[0].step(1)).rejects.toThrow(/worker 0: the thread ended with 3/);
    expect(await envs[3].step(0)).toMatchObject({ reward: 1 });
    await expect(envs[1].step(0)).rejects.toThrow(EnvDisconnectedError);
    await envs[0].reset({ seed: 1 });
    expect(await envs[0].step(0)).toMatchObject({ reward: 1 });
  });

  it.each([
    ['throw', /worker 0: the simulator hung up/],
    ['reject', /worker 0: no licence/],
  ])('that end in a %s are lost with its reason', async (how, reason) => {
    const module = built('test/support/ending-env.ts');
    const [env] = await open({ workers: 1, env: { module, options: { how } } }, 1);
    await env.reset();
    await expect(env.step(1)).rejects.toThrow(reason);
  });

  it('that block are given up in time', async () => {
    const module = built('test/support/ending-env.ts');
    const source = { workers: 1, env: { module, options: { how: 'block' } } };
    const [env] = await open(source, 1, { timeoutMs: 1500 });
    await env.reset();
    await expect(env.step(1)).rejects.toThrow(/no answer within 1500 ms/);
    await env.reset({ seed: 1 });
    expect(await env.step(0)).toMatchObject({ reward: 1 });
  });

  it('that cannot be made are not there, with the reason', async () => {
    const module = built('test/support/ending-env.ts');
    const source = { workers: 1, env: { module, options: { broken: true } } };
    await expect(open(source, 1)).rejects.toThrow(/could not be made: no such thing/);
  });
});
