import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { type Env, type EnvFactory, makeEnv, type Step } from '../../../src/envs/index.ts';
import type { RemoteSource } from '../../../src/envs/remote/relay.ts';
import { RemoteEnvs } from '../../../src/envs/remote/remote-envs.ts';
import { EnvServer } from '../../../src/envs/server/env-server.ts';
import { Rng } from '../../../src/kernels/index.ts';
import { built } from '../../support/built.ts';
import { tempDir } from '../../support/temp-dir.ts';

const closing: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close();
});

async function serve(factory: EnvFactory = () => makeEnv('KHop-v0'), port = 0) {
  const server = await EnvServer.listen(factory, { id: 'KHop-v0', port });
  closing.push(() => server.close());
  return server;
}

async function open(source: RemoteSource, count = 1, timeoutMs = 10_000) {
  const { envs } = await RemoteEnvs.open({ source, count, timeoutMs, seed: 0 });
  closing.push(() => Promise.all(envs.map((env) => env.close?.())));
  return envs;
}

const at = (...urls: string[]) => ({ urls, frame: 64 });

const plain = (value: unknown): unknown =>
  JSON.parse(
    JSON.stringify(value, (_, part) =>
      ArrayBuffer.isView(part) ? Array.from(part as never) : part,
    ),
  );

/** Plays random allowed steps; what was seen, as plain data. */
async function play(env: Env, steps: number): Promise<unknown> {
  const rng = Rng.seed(5);
  let { obs, info } = await env.reset({ seed: 3 });
  const seen: unknown[] = [{ obs, info }];
  for (let i = 0; i < steps; i++) {
    const step: Step = await env.step(env.actionSpace.sample(rng, info.actionMask));
    const over = step.terminated || step.truncated;
    const { actionMask, ...rest } = step.info;
    // After the end there is nothing to choose.
    seen.push({ ...step, info: over ? rest : step.info });
    ({ obs, info } = over ? await env.reset() : step);
    if (over) seen.push({ obs, info });
  }
  return plain(seen);
}

it.each([
  ['a function', { level: () => 1 }, /reset: options\.level/],
  ['a bigint', { list: [1, 2n] }, /reset: options\.list\[1\]/],
  ['NaN', { size: Number.NaN }, /reset: options\.size/],
])(
  '%s among the options of a reset is refused with its path, and the next reset works',
  async (_, options, problem) => {
    const [env] = await open(at((await serve()).url));
    await expect(env.reset({ options })).rejects.toThrow(problem);
    expect(await env.reset({ options: { size: 2 } })).toHaveProperty('obs');
  },
);

describe.each([
  ['over a socket', async (id: string) => at((await serve(() => makeEnv(id))).url)],
  ['in a thread', async (id: string) => ({ workers: 1, env: { id, options: {} } })],
] as const)('an environment %s', (_, source) => {
  it.each(['KHop-v0', 'CartPole-v1', 'Pendulum-v1', 'KnownDict-v0', 'KnownMask-v0'])(
    '%s is the same as it is here',
    async (id) => {
      const [env] = await open(await source(id));
      expect(await play(env, 60)).toEqual(await play(makeEnv(id), 60));
    },
  );
});

it('a program ends once its environments are closed', async () => {
  const { url } = await serve();
  const program = `
    import { RemoteEnvs } from ${JSON.stringify(built('src/envs/index.ts'))};
    const source = { urls: [${JSON.stringify(url)}], frame: 64 };
    const { envs } = await RemoteEnvs.open({ source, count: 1, timeoutMs: 10_000, seed: 0 });
    await envs[0].reset({ seed: 1 });
    envs[0].close();
  `;
  const file = join(tempDir(), 'program.mjs');
  writeFileSync(file, program);
  const child = spawn(process.execPath, [file], { stdio: ['ignore', 'inherit', 'inherit'] });
  closing.push(() => child.kill());
  expect(await once(child, 'exit')).toEqual([0, null]);
});
