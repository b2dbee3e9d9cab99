import { afterEach, describe, expect, it, vi } from 'vitest';
import {
  Box,
  Discrete,
  type Env,
  EnvServer,
  type EnvServerOptions,
  type Info,
  RemoteEnvs,
} from '../../../src/envs/index.ts';
import type { RemoteSource } from '../../../src/envs/remote/relay.ts';
import { built } from '../../support/built.ts';

const closing: (() => unknown)[] = [];
afterEach(async () => {
  vi.restoreAllMocks();
  for (const close of closing.splice(0).reverse()) await close();
});

async function serve(make: () => Env, options: Partial<EnvServerOptions> = {}) {
  const server = await EnvServer.listen(make, { id: 'Large', ...options });
  closing.push(() => server.close());
  return { urls: [server.url], frame: 64 };
}

async function open(source: RemoteSource, count = 1) {
  const { envs } = await RemoteEnvs.open({ source, count, timeoutMs: 60_000, seed: 0 });
  closing.push(() => Promise.all(envs.map((env) => env.close?.())));
  return envs;
}

/** Observes so many numbers; its state is as many. */
function large(size: number, info: () => Info = () => ({})): Env {
  let state: unknown;
  return {
    observationSpace: new Box({ shape: [size], low: 0, high: 255, dtype: 'uint8' }),
    actionSpace: new Discrete(2),
    reset: () => ({ obs: new Uint8Array(size).fill(7), info: info() }),
    step: () => ({
      obs: new Uint8Array(size),
      reward: 1,
      terminated: false,
      truncated: false,
      info: info(),
    }),
    snapshot: () => state ?? new Array(size).fill(1.5),
    restore: (given) => {
      state = given;
    },
  };
}

describe('over a socket', () => {
  it('64 environments may observe as much as one frame could not hold', async () => {
    const size = 270_336;
    const envs = await open(await serve(() => large(size)), 64);
    const resets = await Promise.all(envs.map((env) => env.reset()));
    for (const { obs } of resets) expect((obs as Uint8Array)[size - 1]).toBe(7);
  });

  it('a state of 100,001 numbers goes there and back', async () => {
    const [env] = await open(await serve(() => large(100_001)));
    await env.reset();
    const state = await env.snapshot!();
    await env.restore!(state);
    expect(await env.snapshot!()).toEqual(state);
  });

  it('a state that is larger than a frame is refused with its size, and nothing is lost', async () => {
    const source = await serve(() => large(40_000), { maxPayload: 100_000 });
    const [env] = await open(source);
    await env.reset();
    const state = await env.snapshot!();
    await expect(env.restore!(state)).rejects.toThrow(
      /restore: expected at most 100000 bytes.*maxPayload.*got 1\d{5}/,
    );
    expect(await env.step(1)).toMatchObject({ reward: 1 });
  });

  it('what is too much of an info is left out, and said once', async () => {
    const warned = vi.spyOn(process, 'emitWarning').mockImplementation(() => {});
    const info = () => ({ path: new Array(100_001).fill(1), image: new Uint8Array(9e5), depth: 3 });
    const [env] = await open(await serve(() => large(9, info)));
    const { info: seen } = await env.reset();
    await env.step(1);
    expect(Object.keys(seen)).toEqual(['image', 'depth']);
    expect(warned.mock.calls).toEqual([
      [expect.stringMatching(/^info\.path is left out: it has 100001 entries/)],
    ]);
  });
});

it.each([
  ['over a socket', () => serve(() => large(3, odd))],
  ['in a thread', async () => ({ workers: 1, env: { module: oddModule, options: {} } })],
])('an entry of info that cannot be read is left out %s', async (_, source) => {
  const [env] = await open(await source());
  const { info } = await env.reset();
  expect(info).toEqual({ difficulty: 2 });
  expect(await env.step(1)).toMatchObject({ reward: 1, info: { difficulty: 2 } });
});

const oddModule = built('test/support/odd-info-env.ts');
const odd = (): Info => ({
  get frame() {
    throw new Error('no frame');
  },
  difficulty: 2,
});
