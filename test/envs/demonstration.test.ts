import { firstValueFrom, lastValueFrom } from 'rxjs';
import { expect, it, onTestFinished } from 'vitest';
import { Box, Discrete, type Env, EnvPool, type Info } from '../../src/envs/index.ts';
import sumEnv from '../support/sum-env.ts';

async function poolOf(env: unknown): Promise<EnvPool> {
  const pool = await EnvPool.create(() => env as Env, {
    ...{ name: 'Sum', count: 1, seed: 3, timeoutMs: 1000 },
  });
  onTestFinished(() => pool.close());
  return pool;
}

const demonstrated = (info: Info) => () => sumEnv({ spoil: (own) => ({ ...own, ...info }) });

it('a demonstration comes flat beside the observation, and none beside the last of an episode', async () => {
  const pool = await poolOf(sumEnv());
  const [first] = await firstValueFrom(pool.observe());
  expect(first.demonstration).toEqual(Float32Array.of((first.row[0] + first.earlier![0][0]) % 4));
  const step = async () => (await lastValueFrom(pool.step([{ env: 0, action: 0 }])))[0];
  expect((await step()).next.demonstration).toEqual(first.demonstration);
  const last = await step();
  expect([last.terminated, last.next.demonstration?.length]).toEqual([true, 1]);
});

it('one that the environment leaves out is left out', async () => {
  const pool = await poolOf(demonstrated({ demonstration: null })());
  const [first] = await firstValueFrom(pool.observe());
  expect(first.demonstration).toBeUndefined();
});

it('a snapshot keeps that of an observation that waits', async () => {
  const pool = await poolOf(sumEnv());
  const [first] = await firstValueFrom(pool.observe());
  const saved = JSON.parse(JSON.stringify(await pool.snapshot()));
  const other = await poolOf(sumEnv());
  await other.restore(saved);
  const [again] = await firstValueFrom(other.observe());
  expect(again).toEqual(first);
});

it.each([
  [{ demonstration: 7 }, 'reset: info.demonstration: expected an integer in 0..3, got 7'],
  [{ demonstration: 'b' }, 'reset: info.demonstration: expected an integer in 0..3, got "b"'],
  [
    { demonstration: 1, actionMask: [1, 0, 1, 1] },
    'reset: info.demonstration: expected an action that info.actionMask allows, got 1',
  ],
])('%o breaks the contract', async (info, message) => {
  const pool = await poolOf(demonstrated(info)());
  await expect(firstValueFrom(pool.observe())).rejects.toThrow(message);
});

it('the environment may change its action later', async () => {
  const action = Float32Array.of(0.5);
  const env: Env<number, Float32Array> = {
    observationSpace: new Discrete(2),
    actionSpace: new Box({ shape: [1], low: 0, high: 1 }),
    reset: () => ({ obs: 0, info: { demonstration: action } }),
    step: () => ({ obs: 0, reward: 0, terminated: true, truncated: false, info: {} }),
  };
  const pool = await poolOf(env);
  const [first] = await firstValueFrom(pool.observe());
  action[0] = 1;
  expect(first.demonstration).toEqual(Float32Array.of(0.5));
});
