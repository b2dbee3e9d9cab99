import { afterEach, describe, expect, it } from 'vitest';
import {
  Box,
  checkEnv,
  Dict,
  Discrete,
  type Env,
  type EnvFactory,
  type Info,
  MultiDiscrete,
  openEnv,
  type Space,
  Text,
} from '../../src/envs/index.ts';
import { RemoteEnvs } from '../../src/envs/remote/remote-envs.ts';
import { TrainerSession } from '../../src/envs/remote/trainer-session.ts';
import { EnvServer } from '../../src/envs/server/env-server.ts';
import { frameStack } from '../../src/envs/wrappers/frame-stack.ts';
import { normalizeObservation } from '../../src/envs/wrappers/normalize-observation.ts';
import { normalizeReward } from '../../src/envs/wrappers/normalize-reward.ts';
import { realTime } from '../../src/envs/wrappers/real-time.ts';
import { timeLimit } from '../../src/envs/wrappers/time-limit.ts';
import diaryEnv from '../support/diary-env.ts';

const closing: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close();
});

/** Shows one action of a space after another, as many as an episode has decisions; at its end the first one again. */
function showing<Action>(
  actionSpace: Space<Action>,
  shown: readonly unknown[],
  more: Info = {},
): Env<Float32Array, Action> {
  let at = 0;
  const see = () => ({
    obs: Float32Array.of(at),
    info: { demonstration: shown[at % shown.length], ...more } as Info,
  });
  return {
    observationSpace: new Box({ shape: [1], low: 0, high: 100 }),
    actionSpace,
    reset() {
      at = 0;
      return see();
    },
    step() {
      at++;
      return { ...see(), reward: 0, terminated: at === shown.length, truncated: false };
    },
  };
}

/** The demonstrations of an episode, with that beside its end. */
async function seen(env: Env): Promise<unknown[]> {
  const { info } = await env.reset({ seed: 1 });
  const all = [info.demonstration];
  for (;;) {
    const step = await env.step(all.at(-1), { ponderSteps: 1 });
    all.push(step.info.demonstration);
    if (step.terminated) return all;
  }
}

const plain = (value: unknown): unknown =>
  JSON.parse(
    JSON.stringify(value, (_, part) =>
      ArrayBuffer.isView(part) ? Array.from(part as never) : part,
    ),
  );

async function remote(factory: EnvFactory): Promise<Env> {
  const server = await EnvServer.listen(factory, { id: 'Shown', port: 0 });
  closing.push(() => server.close());
  const source = { urls: [server.url], frame: 64 };
  const { envs } = await RemoteEnvs.open({ source, count: 1, timeoutMs: 10_000, seed: 0 });
  closing.push(() => envs[0].close?.());
  return envs[0];
}

describe('a demonstration on the wire', () => {
  it.each<[string, Space, unknown[]]>([
    ['a Discrete', new Discrete(3, -1) as Space, [1, -1, 0]],
    ['a Box', new Box({ shape: [2], low: -1, high: 1 }) as Space, [Float32Array.of(0.5, -1)]],
    [
      'a MultiDiscrete',
      new MultiDiscrete([2, 3]) as Space,
      [Int32Array.of(1, 2), Int32Array.of(0, 0)],
    ],
    ['a Text', new Text({ maxLength: 4 }) as Space, ['ab', 'c']],
    [
      'a Dict',
      new Dict({ turn: new Discrete(3), push: new Box({ shape: [1], low: 0, high: 1 }) }) as Space,
      [{ turn: 2, push: Float32Array.of(0.25) }],
    ],
  ])('arrives as it was sent: %s', async (_, space, shown) => {
    const env = await remote(() => showing(space, shown));
    const all = await seen(env);
    expect(all).toEqual([...shown, undefined]);
    for (const action of all.slice(0, -1)) expect(env.actionSpace.explain(action)).toBeUndefined();
  });

  it('is left out where there is none', async () => {
    const factory = () => showing(new Discrete(2) as Space, [1, undefined, null, 0]);
    const env = await remote(factory);
    const { info } = await env.reset();
    expect(info.demonstration).toBe(1);
    for (const expected of [undefined, undefined, 0]) {
      expect((await env.step(0)).info.demonstration).toBe(expected);
    }
  });

  it('is in the snapshot of an episode that the server has begun', async () => {
    const play = async (env: Env) => {
      const all: unknown[] = [await env.reset({ seed: 3 })];
      for (let i = 0; i < 60; i++) {
        const step = await env.step(0);
        const over = step.terminated || step.truncated;
        const { actionMask: _, demonstration: __, ...rest } = step.info;
        all.push({ ...step, info: over ? rest : step.info });
        if (!over) continue;
        const state = await env.snapshot!();
        all.push(await env.reset());
        await env.restore!(JSON.parse(JSON.stringify(state)));
        await env.reset();
      }
      return plain(all);
    };
    const factory = () => diaryEnv({ shows: true, length: 6 });
    const there = await play(await remote(factory));
    expect(there).toEqual(await play(factory()));
    expect(JSON.stringify(there)).toContain('demonstration');
  });

  it.each<[string, Info]>([
    ['no action', { demonstration: 2 }],
    ['one that is masked', { demonstration: 1, actionMask: [1, 0] }],
  ])('is the fault of its environment where it is %s', async (_, info) => {
    const env = await remote(() => showing(new Discrete(2) as Space, [0], info));
    await expect(env.reset({ seed: 1 })).rejects.toThrow('info.demonstration: expected an');
  });

  it('of another form is a breach of the protocol', () => {
    const space = { type: 'discrete', n: 2, start: 0 } as const;
    const spaces = { observationSpace: space, actionSpace: space };
    const session = new TrainerSession(
      { id: 'Odd', ...spaces, snapshots: false, render: false },
      1,
    );
    const answer = (demonstration: unknown) => {
      session.ask({ t: 'reset', envs: [0], args: [{}] } as never);
      session.receive({
        t: 'began',
        envs: [0],
        seq: [1],
        obs: [0],
        info: [{ demonstration }],
      } as never);
    };
    expect(() => answer(1)).toThrow('began.info.demonstration: ');
  });
});

describe('a demonstration through wrappers', () => {
  const inner = () => showing(new Discrete(4), [3, 1, 2, 0]);

  it.each<[string, Env]>([
    ['timeLimit', timeLimit(inner() as Env, { maxSteps: 9 })],
    ['frameStack', frameStack(inner() as Env, { count: 2 }) as Env],
    ['normalizeObservation', normalizeObservation(inner() as never) as Env],
    ['normalizeReward', normalizeReward(inner() as Env, { gamma: 0.9 })],
    ['realTime', realTime(inner() as Env, { noop: 0 })],
  ])('%s passes it on', async (_, env) => {
    expect(await seen(env)).toEqual([3, 1, 2, 0, 3]);
  });

  it('realTime gives that of its last tick', async () => {
    const env = realTime(inner(), { noop: 0 });
    await env.reset();
    expect((await env.step(0, { ponderSteps: 3 })).info.demonstration).toBe(0);
  });
});

describe('check-env', () => {
  const check = async (info: Info, shown: readonly unknown[] = [1, 0]) => {
    const report = await checkEnv(() => showing(new Discrete(2), shown, info) as Env);
    return report.problems.map(({ rule, found }) => [rule, found]);
  };

  it('finds a demonstration that is no action', async () => {
    expect(await check({}, [1, 7])).toEqual([
      [
        'demonstration',
        expect.stringContaining('info.demonstration: expected an integer in 0..1, got 7'),
      ],
    ]);
  });

  it('finds one that the mask does not allow', async () => {
    const [[rule, found]] = await check({ actionMask: [1, 0] });
    expect(rule).toBe('demonstration');
    expect(found).toMatch(
      /reset of episode 1 .*expected an action that info\.actionMask allows, got 1/,
    );
  });

  it('takes none', async () => {
    expect(await check({}, [null, undefined, 1])).toEqual([]);
  });

  it('finds one that differs under the same seed', async () => {
    let made = 0;
    const report = await checkEnv(() => showing(new Discrete(9), [made++, 0]) as Env);
    expect(report.problems[0]).toMatchObject({
      rule: 'determinism',
      found: expect.stringContaining('demonstration was 0, then 1'),
    });
  });
});

describe('a demonstration through OpenEnv', () => {
  it('is plain JSON beside the observation, and none at the end', async () => {
    const space = new MultiDiscrete([3, 3]);
    const shown = [Int32Array.of(2, 1), Int32Array.of(0, 2)];
    const server = await EnvServer.listen(() => showing(space, shown) as Env, { id: 'Shown' });
    closing.push(() => server.close());
    const env = openEnv({
      url: server.url.replace('/v1/env', ''),
      observationSpace: new Box({ shape: [1], low: 0, high: 100 }),
      actionSpace: space,
      encodeAction: (action) => ({ action: Array.from(action) }),
      decodeObs: ({ obs }) => Float32Array.from(obs as number[]),
      decodeInfo: ({ info }) => {
        const { demonstration } = (info ?? {}) as { demonstration?: number[] };
        return demonstration ? { demonstration: Int32Array.from(demonstration) } : {};
      },
      maxEpisodeSteps: 10,
    });
    closing.push(() => env.close?.());
    expect(await seen(env as Env)).toEqual([...shown, undefined]);
  });
});
