import { firstValueFrom, lastValueFrom } from 'rxjs';
import { afterEach, describe, expect, it } from 'vitest';
import { RunningStats } from '../../src/envs/common/index.ts';
import {
  Box,
  checkEnv,
  Discrete,
  type Env,
  EnvPool,
  type EnvPoolOptions,
  type Info,
  type Outcome,
} from '../../src/envs/index.ts';
import { RemoteEnvs } from '../../src/envs/remote/remote-envs.ts';
import { EnvServer } from '../../src/envs/server/env-server.ts';
import { frameStack } from '../../src/envs/wrappers/frame-stack.ts';
import { hideParts } from '../../src/envs/wrappers/hide-parts.ts';
import { normalizeObservation } from '../../src/envs/wrappers/normalize-observation.ts';
import { realTime } from '../../src/envs/wrappers/real-time.ts';
import { timeLimit } from '../../src/envs/wrappers/time-limit.ts';
import diaryEnv from '../support/diary-env.ts';

const closing: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close();
});

/** Counts by tens, and shows the numbers in between before it asks: two at each reset, one at each step. */
function counting(end = 3, spoil = (info: Info): Info => info): Env<Float32Array, number> {
  let [count, steps] = [0, 0];
  const at = (more: number) => Float32Array.of(count + more, -count - more);
  return {
    observationSpace: new Box({ shape: [2], low: -Infinity, high: Infinity }),
    actionSpace: new Discrete(2),
    reset() {
      count += 10;
      steps = 0;
      return { obs: at(0), info: spoil({ earlier: [at(-2), at(-1)] }) };
    },
    step() {
      count += 10;
      const truncated = ++steps === end;
      const info = spoil({ earlier: [at(-5)] });
      return { obs: at(0), reward: 1, terminated: false, truncated, info };
    },
    snapshot: () => [count, steps],
    restore: (state) => {
      [count, steps] = state as [number, number];
    },
  };
}

async function poolOf(env: Env<Float32Array, number>, options: Partial<EnvPoolOptions> = {}) {
  const pool = await EnvPool.create(() => env as Env, {
    ...{ name: 'Counting', count: 1, seed: 1, timeoutMs: 1000, ...options },
  });
  closing.push(() => pool.close());
  return pool;
}

/** The first entry of each row. */
const firsts = (rows: readonly ArrayLike<number>[] | undefined) => rows?.map((row) => row[0]);

async function step(pool: EnvPool): Promise<Outcome> {
  return (await lastValueFrom(pool.step([{ env: 0, action: 1 }])))[0];
}

describe('info.earlier', () => {
  it('comes flat beside each observation, and beside the final one too', async () => {
    const pool = await poolOf(counting(2));
    const [first] = await firstValueFrom(pool.observe());
    expect([first.row[0], firsts(first.earlier)]).toEqual([10, [8, 9]]);
    const { next } = await step(pool);
    expect([next.row[0], firsts(next.earlier)]).toEqual([20, [15]]);
    const last = await step(pool);
    expect([last.final![0], firsts(last.finalEarlier)]).toEqual([30, [25]]);
    expect([last.next.row[0], firsts(last.next.earlier)]).toEqual([40, [38, 39]]);
  });

  it('is normalized like the observation, in the order in which they came', async () => {
    const stats = new RunningStats(2);
    const expected = new RunningStats(2);
    const pool = await poolOf(counting(), { normalizer: { stats, frozen: false } });
    const [first] = await firstValueFrom(pool.observe());
    const rows = [8, 9, 10].map((count) => {
      const row = Float32Array.of(count, -count);
      expected.update(row, 1);
      expected.normalize(row, 0);
      return row;
    });
    expect([...first.earlier!, first.row]).toEqual(rows);
    expect(stats.state()).toEqual(expected.state());
  });

  it.each([
    ['no list', 3, 'reset: info.earlier: expected an array of observations, got 3'],
    [
      'another space',
      [Float32Array.of(1, 2), [1]],
      'reset: info.earlier[1]: expected a Float32Array of 2',
    ],
    [
      'numbers beyond the limit',
      [Float32Array.of(1, 2000)],
      'reset: info.earlier[0]: expected numbers within ±1000',
    ],
  ])('is refused where it has %s', async (_, earlier, message) => {
    const wrong = counting(3, () => ({ earlier }) as Info);
    const pool = await poolOf(wrong, { limits: { observation: 1000, reward: 1000 } });
    await expect(firstValueFrom(pool.observe())).rejects.toThrow(message);
  });

  it('is in the state of a pool, byte for byte', async () => {
    const pool = await poolOf(counting());
    await firstValueFrom(pool.observe());
    await step(pool);
    const state = JSON.parse(JSON.stringify(await pool.snapshot()));
    const other = await poolOf(counting());
    expect(await other.restore(state)).toEqual([true]);
    const [going] = await firstValueFrom(other.observe());
    expect([going.row[0], firsts(going.earlier)]).toEqual([20, [15]]);
    expect(await other.snapshot()).toEqual(await pool.snapshot());
  });

  it('is found by check-env where it is wrong', async () => {
    const report = await checkEnv(() => counting(3, () => ({ earlier: [[1]] })));
    const finding = report.problems.find(({ rule }) => rule === 'earlier');
    expect(finding?.found).toMatch(/reset of episode 1 \(seed 0\): info\.earlier\[0\]: expected/);
    const sound = await checkEnv(() => diaryEnv({ masks: false }));
    expect(sound.problems).toEqual([]);
  });

  it('is remembered by check-env: other earlier observations are other episodes', async () => {
    let resets = 0;
    const changing = () => counting(3, () => ({ earlier: [Float32Array.of(resets++, 0)] }));
    const { problems } = await checkEnv(changing);
    expect(problems.find(({ rule }) => rule === 'determinism')?.found).toContain('earlier');
  });
});

describe('a wrapper changes earlier observations like the others', () => {
  const seen = async (env: Env<unknown, number>) => {
    const { obs, info } = await env.reset({ seed: 1 });
    return [...(info.earlier ?? []), obs].map((one) => Array.from(one as ArrayLike<number>));
  };

  it('hideParts', async () => {
    expect(await seen(hideParts(counting(), [0]))).toEqual([[-8], [-9], [-10]]);
  });

  it('frameStack', async () => {
    const stacks = await seen(frameStack(counting(), { count: 2 }));
    expect(stacks.map(([older, , newer]) => [older, newer])).toEqual([
      [8, 8],
      [8, 9],
      [9, 10],
    ]);
  });

  it('normalizeObservation', async () => {
    const expected = new RunningStats(2);
    const rows = [8, 9, 10].map((count) => {
      const row = Float32Array.of(count, -count);
      expected.update(row, 1);
      expected.normalize(row, 0);
      return Array.from(row);
    });
    expect(await seen(normalizeObservation(counting()))).toEqual(rows);
  });

  it('timeLimit passes them on', async () => {
    expect(await seen(timeLimit(counting(), { maxSteps: 5 }))).toEqual([
      [8, -8],
      [9, -9],
      [10, -10],
    ]);
  });

  it('realTime keeps those of the ticks of a thought', async () => {
    const env = realTime(counting(9), { noop: 0 });
    await env.reset({ seed: 1 });
    const { obs, info } = await env.step(1, { ponderSteps: 3 });
    expect([obs[0], firsts(info.earlier as Float32Array[])]).toEqual([40, [15, 25, 35]]);
  });
});

describe('on the wire', () => {
  const plain = (value: unknown): unknown =>
    JSON.parse(
      JSON.stringify(value, (_, part) =>
        ArrayBuffer.isView(part) ? Array.from(part as never) : part,
      ),
    );
  /** What an environment shows in 60 steps, with a snapshot that is taken and restored half-way. */
  const play = async (env: Env) => {
    const seen: unknown[] = [await env.reset({ seed: 3 })];
    for (let i = 0; i < 60; i++) {
      const step = await env.step(0);
      const over = step.terminated || step.truncated;
      const { actionMask: _, ...rest } = step.info;
      seen.push({ ...step, info: over ? rest : step.info });
      if (over) {
        // Where the server has begun the next episode, it is part of the snapshot.
        const state = await env.snapshot!();
        const { obs, info } = await env.reset();
        seen.push({ obs, info });
        await env.restore!(JSON.parse(JSON.stringify(state)));
        await env.reset();
      }
    }
    return plain(seen);
  };

  it.each(['numbers', 'bytes', 'entries'] as const)(
    'it arrives as it was sent: %s',
    async (observes) => {
      const factory = () => diaryEnv({ observes, length: 6 });
      const server = await EnvServer.listen(factory, { id: 'Diary', port: 0 });
      closing.push(() => server.close());
      const source = { urls: [server.url], frame: 64 };
      const { envs } = await RemoteEnvs.open({ source, count: 1, timeoutMs: 10_000, seed: 0 });
      closing.push(() => envs[0].close?.());
      const remote = await play(envs[0]);
      expect(remote).toEqual(await play(factory()));
      expect(JSON.stringify(remote)).toContain('earlier');
    },
  );

  it('a wrong one is the fault of its environment', async () => {
    const factory = () => counting(3, () => ({ earlier: [[1]] })) as Env;
    const server = await EnvServer.listen(factory, { id: 'Counting', port: 0 });
    closing.push(() => server.close());
    const source = { urls: [server.url], frame: 64 };
    const { envs } = await RemoteEnvs.open({ source, count: 1, timeoutMs: 10_000, seed: 0 });
    closing.push(() => envs[0].close?.());
    await expect(envs[0].reset({ seed: 1 })).rejects.toThrow('info.earlier[0]: expected');
  });
});
