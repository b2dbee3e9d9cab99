import { afterEach, describe, expect, it } from 'vitest';
import { checkServer, formatServerReport } from '../../../src/envs/check/check-server.ts';
import { type Env, type EnvFactory, makeEnv, type Step } from '../../../src/envs/index.ts';
import { EnvServer, type EnvServerOptions } from '../../../src/envs/server/env-server.ts';
import { CountEnv } from '../../support/count-env.ts';

const closing: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close();
});

async function serve(factory: EnvFactory, options: Partial<EnvServerOptions> = {}) {
  const server = await EnvServer.listen(factory, { id: 'KHop-v0', ...options });
  closing.push(() => server.close());
  return server.url;
}

describe('checkServer', () => {
  it('finds nothing wrong with a server that keeps to the protocol, and says what it does', async () => {
    const report = await checkServer(await serve(() => makeEnv('KnownMask-v0')), { envSteps: 40 });
    expect(report).toMatchObject({ ok: true, problems: [], warnings: [] });
    const { server, facts } = report;
    expect(facts).toMatchObject({ sync: false, actionSpace: { type: 'discrete' } });
    expect(server).toMatchObject({ id: 'KHop-v0', exactlyOnce: true, resumes: true });
    expect(server.autoreset.ended).toBeGreaterThan(100);
    expect(server.autoreset.followed).toBe(server.autoreset.ended);
    expect(server.frame).toMatchObject({ envs: 16 });
    expect(formatServerReport(report)).toMatch(/^round trip {2}p50 \d+\.\d\d, .* p99 .* max /m);
  });

  it('says which rule of environments is broken, as it does of one in process', async () => {
    const url = await serve(() => {
      const env = new CountEnv(3);
      const step = env.step.bind(env);
      env.step = (action) => ({ ...(step(action) as Step<Float32Array>), reward: Number.NaN });
      return env as Env;
    });
    const { ok, problems } = await checkServer(url, { envSteps: 20 });
    expect(ok).toBe(false);
    expect(problems.map(({ found }) => found).join()).toMatch(/reward: expected a finite number/);
  });

  it('sees an episode that no other follows', async () => {
    let resets = 0;
    const url = await serve(() => {
      const env = makeEnv('KHop-v0');
      const reset = env.reset.bind(env);
      env.reset = (options) => {
        // What begins by itself has no seed.
        if (options?.seed === undefined && resets++ === 30) throw new Error('tired');
        return reset(options);
      };
      return env;
    });
    const { problems } = await checkServer(url, { envSteps: 5 });
    expect(problems.map(({ rule }) => rule)).toContain('autoreset');
  });

  it('says that nobody is there, once', async () => {
    const { ok, problems } = await checkServer('ws://127.0.0.1:9/v1/env');
    expect(ok).toBe(false);
    expect(problems).toMatchObject([
      { rule: 'protocol', found: expect.stringMatching(/ECONNREFUSED/) },
    ]);
  });
});
