import { afterEach, describe, expect, it } from 'vitest';
import {
  type Env,
  EnvDisconnectedError,
  EnvPool,
  EnvServer,
  RemoteEnvs,
} from '../../../src/envs/index.ts';
import { built } from '../../support/built.ts';
import statefulEnv, { exactState } from '../../support/stateful-env.ts';

const closing: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close();
});

const module = built('test/support/stateful-env.ts');

/** One such environment, over a socket or in a thread. */
async function open(place: string, how: string): Promise<Env> {
  const common = { count: 1, timeoutMs: 60_000, seed: 0 };
  let source: Parameters<typeof RemoteEnvs.open>[0]['source'];
  if (place === 'in a thread') source = { workers: 1, env: { module, options: { how } } };
  else {
    const server = await EnvServer.listen(() => statefulEnv({ how }), { id: 'x', port: 0 });
    closing.push(() => server.close());
    source = { urls: [server.url], frame: 64 };
  }
  const { envs } = await RemoteEnvs.open({ ...common, source });
  closing.push(() => envs[0].close?.());
  return envs[0];
}

describe.each(['on a server', 'in a thread'])('the state of an environment %s', (place) => {
  it('is what it said, to the last number, also once it is restored from text', async () => {
    const env = await open(place, 'exact');
    await env.reset({ seed: 1 });
    const text = JSON.stringify(await env.snapshot!());
    await env.restore!(JSON.parse(text));
    const again = (await env.snapshot!()) as { json: string };
    expect(JSON.parse(again.json)).toStrictEqual({ restored: exactState() });
  });

  it('is refused with its path where it cannot be saved, and costs the episode alone', async () => {
    const env = await open(place, 'map');
    await env.reset({ seed: 1 });
    await expect(env.snapshot!()).rejects.toThrow(
      new EnvDisconnectedError('snapshot failed: state.cells: expected plain JSON data, got Map'),
    );
    expect(await env.reset({ seed: 1 })).toEqual({ obs: 1, info: {} });
    expect(await env.step(0)).toMatchObject({ reward: 1 });
  });

  it('that it fails to say costs its episode, and another begins', async () => {
    const env = await open(place, 'once');
    const options = { name: 'x', seed: 1, timeoutMs: 60_000, maxFailures: 2, elsewhere: true };
    const pool = await EnvPool.create(() => env, { ...options, count: 1 });
    const lost: (string | undefined)[] = [];
    const error = await new Promise<Error | undefined>((resolve) => {
      const act = () =>
        pool.step([{ env: 0, action: 0 }]).subscribe({
          next: ([outcome]) => lost.push(outcome.lost),
          error: resolve,
        });
      pool.observe().subscribe({
        next: () => {
          if (lost.length === 4) return resolve(undefined);
          if (lost.length !== 1) return act();
          pool.snapshot().then(({ seats }) => {
            expect(seats[0].env).toBeUndefined();
            act();
          }, resolve);
        },
        error: resolve,
      });
    });
    expect(error).toBeUndefined();
    expect(lost).toEqual([undefined, 'snapshot failed: busy', undefined, undefined]);
  });
});
