import { describe, expect, it } from 'vitest';
import {
  Box,
  Dict,
  Discrete,
  type Env,
  type EnvFactory,
  EnvPool,
  type Info,
  MultiBinary,
  makeEnv,
  type Outcome,
  type RealTimeOptions,
  realTime,
  type Space,
  type Step,
} from '../../src/envs/index.ts';
import { asynchronous, scripted, WalkEnv } from '../support/walk-env.ts';

/** An episode of `length` ticks: the reward of tick t is 10^t, and `masks[t]` is the mask after it. */
function recorder({
  actionSpace = new Discrete(4),
  length = 5,
  masks = [],
}: {
  actionSpace?: Space;
  length?: number;
  masks?: Info['actionMask'][];
} = {}) {
  const taken: unknown[] = [];
  let t = 0;
  const env: Env<number, unknown> = {
    observationSpace: new Discrete(10),
    actionSpace,
    reset: () => {
      t = 0;
      return { obs: t, info: { actionMask: masks[t] } };
    },
    step: (action) => {
      taken.push(action);
      t++;
      const info = { actionMask: masks[t], tick: t };
      return { obs: t, reward: 10 ** (t - 1), terminated: t === length, truncated: false, info };
    },
    snapshot: () => t,
    restore: (state) => {
      t = state as number;
    },
  };
  return { env, taken };
}

function begun(options: RealTimeOptions, given: Parameters<typeof recorder>[0] = {}) {
  const { env, taken } = recorder(given);
  const timed = realTime(env, options);
  timed.reset();
  const step = (action: unknown, ponderSteps: number) =>
    timed.step(action, { ponderSteps }) as Step<number>;
  return { timed, taken, step };
}

describe('realTime', () => {
  it('holds the last action for each ponder step beyond the first, and adds up rewards', () => {
    const { taken, step } = begun({ noop: 0 });
    expect(step(3, 1)).toMatchObject({ obs: 1, reward: 1, info: { tick: 1, ticks: 1 } });
    expect(step(2, 3)).toMatchObject({ obs: 4, reward: 1110, info: { tick: 4, ticks: 3 } });
    expect(taken).toEqual([3, 3, 3, 2]);
  });

  it('takes the no-op where nothing is held yet, in each episode', () => {
    const { timed, taken, step } = begun({ noop: 1 });
    step(3, 2);
    timed.reset();
    step(2, 2);
    expect(taken).toEqual([1, 3, 1, 2]);
  });

  it('takes the no-op at every tick where it should not hold', () => {
    const { taken, step } = begun({ meanwhile: 'noop', noop: 1 });
    step(3, 2);
    step(2, 2);
    expect(taken).toEqual([1, 3, 1, 2]);
  });

  it('ends an episode that ends meanwhile, without the chosen action', () => {
    const { taken, step } = begun({ noop: 0 }, { length: 2 });
    expect(step(3, 4)).toEqual({
      ...{ obs: 2, reward: 11, terminated: true, truncated: false },
      info: { tick: 2, ticks: 2 },
    });
    expect(taken).toEqual([0, 0]);
  });

  it('replaces an action by the no-op where the mask of its tick forbids it', () => {
    const masks = [undefined, [1, 1, 1, 0], [1, 1, 0, 1]];
    const { taken, step } = begun({ noop: 0 }, { masks });
    step(3, 1);
    step(2, 2); // 3 is masked at its tick, 2 at the next one
    expect(taken).toEqual([3, 0, 0]);
  });

  it('reads the masks of parts that depend on each other', () => {
    const parts = { unit: new Discrete(2, 1), target: new Discrete(3) };
    const actionSpace = new Dict(parts, { maskedBy: { target: 'unit' } });
    const rows = (...target: number[][]) => ({ target });
    const masks = [undefined, rows([1, 0, 1], [0, 1, 0]), rows([0, 0, 1], [0, 1, 0])];
    const noop = { unit: 1, target: 2 };
    const { taken, step } = begun({ noop }, { actionSpace, masks });
    const [one, two] = [
      { unit: 1, target: 0 },
      { unit: 2, target: 1 },
    ];
    step(one, 1);
    step(two, 3); // at its second tick, target 0 is out of the reach of unit 1
    expect(taken).toEqual([one, one, noop, two]);
  });

  it('throws where the mask forbids the no-op too', () => {
    const { step } = begun({ noop: 0 }, { masks: [[0, 1, 1, 1]] });
    expect(() => step(1, 2)).toThrow(
      'realTime: noop: expected an action that the mask allows where 0 is masked, got 0',
    );
  });

  it('needs a no-op that is an action; zeros where a Box or MultiBinary has them', () => {
    const made = (actionSpace: Space, noop?: unknown) => () =>
      realTime(recorder({ actionSpace }).env, { noop });
    const expected = 'realTime: noop: expected an action of the discrete space';
    expect(made(new Discrete(2))).toThrow(`${expected} to take while there is none to hold`);
    expect(made(new Discrete(2), 2)).toThrow('got 2');
    expect(made(new Box({ shape: [1], low: 1, high: 2 }))).toThrow('got undefined');
    expect(made(new Box({ shape: [1], low: 1, high: 2 }), [1.5])).not.toThrow();
    for (const space of [new Box({ shape: [2], low: -1, high: 1 }), new MultiBinary([2])]) {
      const { taken, step } = begun({}, { actionSpace: space });
      step(space.read([1, 1]), 2);
      expect(taken).toEqual([space.read([0, 0]), space.read([1, 1])]);
    }
  });

  it('refuses a step without ponder steps, and says where they come from', () => {
    const { timed } = begun({ noop: 0 });
    for (const options of [undefined, { ponderSteps: 0 }, { ponderSteps: 1.5 }]) {
      expect(() => timed.step(0, options)).toThrow(
        /^realTime: step: expected \{ ponderSteps: 1 or more \} after the action, got .* set env.realTime in the config/,
      );
    }
  });

  it('continues from a snapshot through JSON, with the action that it held and the mask', () => {
    const masks = Array.from({ length: 5 }, () => [1, 1, 0, 1]);
    const one = begun({ noop: 0 }, { masks });
    const two = begun({ noop: 0 }, { masks });
    one.step(3, 2);
    two.timed.restore!(JSON.parse(JSON.stringify(one.timed.snapshot!())));
    expect(two.step(2, 2)).toEqual(one.step(2, 2));
    expect(two.taken).toEqual([3, 0]); // held; and masked, as the mask before says
    expect(two.timed.snapshot!()).toEqual(one.timed.snapshot!());
  });

  it('keeps a held array as it was, also where the environment writes into it', () => {
    const actionSpace = new Box({ shape: [1], low: -1, high: 1 });
    const { env } = recorder({ actionSpace });
    const taken: number[] = [];
    const timed = realTime(
      {
        ...env,
        step: (action: unknown) => {
          taken.push((action as Float32Array)[0]);
          (action as Float32Array)[0] = 0.25;
          return env.step(action);
        },
      },
      {},
    );
    timed.reset();
    timed.step(Float32Array.of(1), { ponderSteps: 1 });
    timed.restore!(JSON.parse(JSON.stringify(timed.snapshot!())));
    timed.step(Float32Array.of(0.5), { ponderSteps: 3 });
    expect(taken).toEqual([1, 1, 1, 0.5]);
  });

  it('waits for an environment that takes its time, tick by tick', async () => {
    const [sync, slow] = [new WalkEnv(), asynchronous(new WalkEnv())].map((env) =>
      realTime(env as Env<Float32Array, number>, { noop: 0 }),
    );
    expect(await slow.reset({ seed: 3 })).toEqual(sync.reset({ seed: 3 }));
    for (const ponderSteps of [1, 3, 2]) {
      const step = slow.step(1, { ponderSteps });
      expect(step).toBeInstanceOf(Promise);
      expect(await step).toEqual(sync.step(1, { ponderSteps }));
    }
  });

  it('passes on a result that breaks the contract, for the pool to explain', async () => {
    const broken = scripted([{ obs: [[0], [1], [2]], rewards: [Number.NaN, 1] }]);
    const factory: EnvFactory = () => realTime(broken, { noop: 0 });
    await expect(played(factory, [3])).rejects.toThrow('reward: expected a finite number, got NaN');
  });

  it('gets the ponder steps of decisions from a pool, which counts decisions and ticks', async () => {
    const { env, taken } = recorder();
    const outcomes = await played(() => realTime(env, { noop: 0 }), [2, 3]);
    expect(taken).toEqual([0, 1, 1, 1, 1]);
    expect(outcomes.map(({ ticks }) => ticks)).toEqual([2, 3]);
    expect(outcomes[1].episode).toEqual({ return: 11111, length: 2, success: undefined });
  });

  it('of an environment that says nothing of ticks, each step is one', async () => {
    const [outcome] = await played(() => makeEnv('CartPole-v1'), [4]);
    expect(outcome.ticks).toBe(1);
  });
});

/** Steps a pool of one environment, with action 1 and these ponder steps. */
async function played(factory: EnvFactory, ponderSteps: number[]): Promise<Outcome[]> {
  const pool = await EnvPool.create(factory, { name: 'Timed', count: 1, seed: 1, timeoutMs: 1000 });
  const outcomes: Outcome[] = [];
  await new Promise<void>((resolve, reject) => {
    const subscription = pool.observe().subscribe({
      next: () => {
        const steps = ponderSteps[outcomes.length];
        if (steps === undefined) {
          resolve();
          queueMicrotask(() => subscription.unsubscribe());
          return;
        }
        pool.step([{ env: 0, action: 1, ponderSteps: steps }]).subscribe({
          next: (batch) => outcomes.push(...batch),
          error: reject,
        });
      },
      error: reject,
    });
  });
  await pool.close();
  return outcomes;
}
