import { firstValueFrom } from 'rxjs';
import { expect, it } from 'vitest';
import { checkServer, EnvPool } from '../src/envs/index.ts';
import {
  checkEnv,
  dialTrainer,
  EnvServer,
  makeEnv,
  PolicyClient,
  parseConfig,
  study,
  train,
} from '../src/index.ts';

const factory = () => makeEnv('KnownDiscrete-v0');
const config = parseConfig({ name: 'none', train: { totalSteps: 1 } });
const nowhere = 'ws://127.0.0.1:9';

/** Every public function that does something with options for longer than a moment. */
const calls: Record<string, (options: never) => Promise<unknown>> = {
  train: (options) => train(config, options),
  study: (options) => study(config, options),
  checkEnv: (options) => checkEnv(factory, options),
  checkServer: (options) => checkServer(nowhere, options),
  dialTrainer: (options) => dialTrainer(nowhere, factory, options),
  'EnvPool.create': (options) => EnvPool.create(factory, options),
  'EnvServer.listen': (options) => EnvServer.listen(factory, options),
  'PolicyClient.connect': (options) => PolicyClient.connect(nowhere, options),
};

it.each(Object.entries(calls))('%s refuses an option that there is none of', async (name, call) => {
  const calling = call({ quickly: true } as never);
  await expect(calling).rejects.toThrow(RangeError);
  await expect(calling).rejects.toThrow(`${name}: quickly: no such option`);
});

it.each<[string, object, string]>([
  ['train', { runDir: 7 }, 'runDir: expected a string, got 7'],
  ['train', { signal: 'SIGINT' }, 'signal: expected an AbortSignal, got "SIGINT"'],
  ['train', { on: 'log' }, 'on: expected a function, got "log"'],
  ['train', { resumes: true }, 'resumes: no such option; did you mean resume?'],
  ['study', { seeds: 0 }, 'seeds: expected an integer ≥ 1, got 0'],
  ['study', { seeds: 1, jobs: 0 }, 'jobs: expected an integer ≥ 1, got 0'],
  ['study', { seeds: 1, against: 'random' }, 'against: expected a list, each a string'],
  ['checkEnv', { envSteps: 0 }, 'envSteps: expected an integer ≥ 1, got 0'],
  [
    'checkEnv',
    { timeoutMs: Number.NaN },
    'timeoutMs: expected a number of ms ≥ 0, or Infinity, got NaN',
  ],
  ['checkServer', { seed: -1 }, 'seed: expected an integer ≥ 0, got -1'],
  ['dialTrainer', { id: 'a', count: 0 }, 'count: expected an integer ≥ 1, got 0'],
  ['EnvPool.create', { count: 0 }, 'count: expected an integer ≥ 1, got 0'],
  ['EnvPool.create', { count: 1, seed: 0.5 }, 'seed: expected an integer ≥ 0, got 0.5'],
  ['EnvPool.create', { count: 1, maxFailures: -1 }, 'maxFailures: expected an integer ≥ 0, got -1'],
  ['EnvServer.listen', { id: 'a', capacity: 0 }, 'capacity: expected an integer ≥ 1, got 0'],
  [
    'EnvServer.listen',
    { id: 'a', idleMs: -1 },
    'idleMs: expected a number of ms ≥ 0, or Infinity, got -1',
  ],
  ['EnvServer.listen', { id: 'a', maxConnections: 0.5 }, 'maxConnections: expected an integer'],
  ['PolicyClient.connect', { attempts: -1 }, 'attempts: expected an integer ≥ 0, got -1'],
])('%s refuses %o in words', async (name, options, message) => {
  await expect(calls[name](options as never)).rejects.toThrow(`${name}: ${message}`);
});

it('what is closed says so, and where it was', async () => {
  const server = await EnvServer.listen(factory, { id: 'a' });
  const { url } = server;
  await server.close();
  await server.close();
  expect(server.url).toBe(url);
  const pool = await EnvPool.create(factory, { name: 'a', count: 2, seed: 0, timeoutMs: 1000 });
  await pool.close();
  await expect(firstValueFrom(pool.observe())).rejects.toThrow(
    'EnvPool.observe: the pool has been closed',
  );
});
