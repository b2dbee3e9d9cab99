import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { RunningStats } from '../../src/envs/common/index.ts';
import { andThen } from '../../src/envs/common/is-promise.ts';
import {
  Box,
  checkEnv,
  Dict,
  Discrete,
  type Env,
  episodeStatistics,
  frameStack,
  hideParts,
  MultiBinary,
  MultiDiscrete,
  normalizeObservation,
  normalizeReward,
  type Reset,
  realTime,
  recordViews,
  type Space,
  type Step,
  Text,
  Tuple,
  timeLimit,
  type View,
} from '../../src/envs/index.ts';
import { asynchronous, type Script, scripted, WalkEnv } from '../support/walk-env.ts';

/** Each decision takes one ponder step. */
const timed = <Obs>(env: Env<Obs, number>): Env<Obs, number> => ({
  ...env,
  step: (action) =>
    andThen(env.step(action, { ponderSteps: 1 }), (step) => {
      const { ticks, ...info } = step.info;
      expect(ticks).toBe(1);
      return { ...step, info };
    }),
});

const wrappers: Record<string, (env: Env<Float32Array, number>) => Env<unknown, number>> = {
  timeLimit: (env) => timeLimit(env, { maxSteps: 7 }),
  watched: (env) => recordViews(env, () => {}),
  episodeStatistics: (env) => episodeStatistics(env),
  'frameStack, reset padding': (env) => frameStack(env, { count: 3 }),
  'frameStack, zero padding': (env) => frameStack(env, { count: 3, padding: 'zero' }),
  'normalizeObservation, frozen': (env) => {
    const stats = RunningStats.fromState({ count: 1, mean: [0, 5], variance: [2, 9] });
    return normalizeObservation(env, { stats, frozen: true });
  },
  'normalizeReward, frozen': (env) => {
    const stats = RunningStats.fromState({ count: 1, mean: [0], variance: [4] });
    return normalizeReward(env, { gamma: 0.9, stats, frozen: true });
  },
  realTime: (env) => timed(realTime(env, { noop: 0 })),
  hideParts: (env) => hideParts(env, [1]),
  all: (env) =>
    normalizeReward(frameStack(episodeStatistics(timeLimit(env, { maxSteps: 7 })), { count: 2 }), {
      gamma: 0.9,
      frozen: true,
    }),
};

describe.each(Object.entries(wrappers))('every wrapper: %s', (_name, wrap) => {
  it('keeps the contract, snapshots and all', async () => {
    const report = await checkEnv(() => wrap(new WalkEnv()), { envSteps: 60 });
    expect(report.problems).toEqual([]);
    expect(report.warnings).toEqual([]);
    expect(report.facts).toMatchObject({ sync: true, snapshots: true });
  });

  it('passes info and actions through', () => {
    const env = wrap(new WalkEnv());
    const { info } = env.reset({ seed: 1 }) as { info: object };
    expect(info).toEqual({ difficulty: 3, actionMask: [1, 1] });
    const step = env.step(1) as Step;
    expect(step.info).toEqual({ difficulty: 3, actionMask: [1, 1], success: expect.any(Boolean) });
    expect(env.actionSpace).toEqual(new Discrete(2));
  });

  it('forwards render and close, and has only what the inner one has', () => {
    const inner = new WalkEnv();
    const env = wrap(inner);
    expect(env.render?.()).toEqual({ width: 8, height: 1, shapes: [] });
    env.close?.();
    expect(inner.closed).toBe(1);
    const bare = wrap(asynchronous(new WalkEnv()));
    expect([bare.render, bare.close, bare.snapshot, bare.restore]).toEqual(
      Array(4).fill(undefined),
    );
  });

  it('is synchronous or asynchronous as the inner one is', async () => {
    const [sync, async] = [wrap(new WalkEnv()), wrap(asynchronous(new WalkEnv()))];
    const reset = async.reset({ seed: 4 });
    expect(reset).toBeInstanceOf(Promise);
    expect(await reset).toEqual(sync.reset({ seed: 4 }));
    expect(await async.step(0)).toEqual(sync.step(0));
  });
});

describe('timeLimit', () => {
  it('truncates at the last step and leaves terminated as it is', () => {
    const env = timeLimit(scripted([{ obs: [[0], [1], [2], [3]] }, { obs: [[0], [1], [2]] }]), {
      maxSteps: 2,
    });
    const flags = () => {
      const { terminated, truncated } = env.step(0) as Step;
      return [terminated, truncated];
    };
    env.reset();
    expect([flags(), flags()]).toEqual([
      [false, false],
      [false, true],
    ]);
    env.reset();
    expect([flags(), flags()]).toEqual([
      [false, false],
      [true, true],
    ]);
  });

  it('refuses a step after the limit, until a reset', () => {
    const env = timeLimit(new WalkEnv(), { maxSteps: 1 });
    env.reset();
    env.step(0);
    expect(() => env.step(0)).toThrow('timeLimit: step() after 1 steps: call reset() first');
    env.reset();
    env.step(0);
  });

  it('refuses a limit that is none', () => {
    expect(() => timeLimit(new WalkEnv(), { maxSteps: 0 })).toThrow('positive integer, got 0');
  });
});

describe('episodeStatistics', () => {
  it('tells return and length at the end of each episode, and only there', () => {
    const script: Script = { obs: [[0], [0], [0]], rewards: [1, 2.5], end: 'truncated' };
    const env = episodeStatistics(scripted([script]));
    for (let episode = 0; episode < 2; episode++) {
      env.reset();
      expect((env.step(0) as Step).info.episode).toBeUndefined();
      expect((env.step(0) as Step).info.episode).toEqual({ return: 3.5, length: 2 });
    }
  });
});

describe('frameStack', () => {
  const obs = [
    [1, 2],
    [3, 4],
    [5, 6],
  ];
  const play = (padding: 'reset' | 'zero') => {
    const env = frameStack(scripted([{ obs }], 2), { count: 3, padding });
    const first = env.reset() as { obs: Float32Array };
    return [first.obs, (env.step(0) as Step).obs, (env.step(0) as Step).obs];
  };

  it('stacks the last frames, oldest first, padded with the first one', () => {
    expect(play('reset')).toEqual([
      Float32Array.of(1, 2, 1, 2, 1, 2),
      Float32Array.of(1, 2, 1, 2, 3, 4),
      Float32Array.of(1, 2, 3, 4, 5, 6),
    ]);
  });

  it('pads with zeros', () => {
    expect(play('zero')).toEqual([
      Float32Array.of(0, 0, 0, 0, 1, 2),
      Float32Array.of(0, 0, 1, 2, 3, 4),
      Float32Array.of(1, 2, 3, 4, 5, 6),
    ]);
  });

  it('has a new leading axis, and bounds that hold the padding', () => {
    const positive = {
      ...scripted([{ obs }]),
      observationSpace: new Box({ shape: [1, 2], low: 1, high: 2 }),
    };
    const kept = frameStack(positive, { count: 3 }).observationSpace as Box;
    expect([kept.shape, kept.low[0], kept.high[0]]).toEqual([[3, 1, 2], 1, 2]);
    const widened = frameStack(positive, { count: 3, padding: 'zero' }).observationSpace as Box;
    expect([widened.low[0], widened.high[0]]).toEqual([0, 2]);
  });

  it.each<[string, Space, unknown[], Space, unknown[]]>([
    [
      'Discrete',
      new Discrete(5, 3),
      [3, 7],
      new MultiDiscrete([5, 5], { start: [3, 3] }),
      [Int32Array.of(3, 3), Int32Array.of(3, 7)],
    ],
    [
      'MultiBinary',
      new MultiBinary([2]),
      [Int8Array.of(0, 1), Int8Array.of(1, 1)],
      new MultiBinary([2, 2], { as: 'vector' }),
      [Int8Array.of(0, 1, 0, 1), Int8Array.of(0, 1, 1, 1)],
    ],
    [
      'Dict and Tuple',
      new Dict({ a: new Tuple([new Discrete(4)]), b: new Text({ maxLength: 3 }) }),
      [
        { a: [1], b: 'x' },
        { a: [2], b: 'yz' },
      ],
      new Dict({
        a: new Tuple([new MultiDiscrete([4, 4])]),
        b: new Tuple([new Text({ maxLength: 3 }), new Text({ maxLength: 3 })]),
      }),
      [
        { a: [Int32Array.of(1, 1)], b: ['x', 'x'] },
        { a: [Int32Array.of(1, 2)], b: ['x', 'yz'] },
      ],
    ],
  ])('stacks %s', async (_, space, given, expected, [first, second]) => {
    let t = 0;
    const inner: Env<unknown, number> = {
      observationSpace: space,
      actionSpace: new Discrete(2),
      reset: () => ({ obs: given[(t = 0)], info: {} }),
      step: () => ({ obs: given[++t], reward: 0, terminated: false, truncated: false, info: {} }),
      snapshot: () => t,
      restore: (state) => void (t = state as number),
    };
    const env = frameStack(inner, { count: 2 });
    expect(env.observationSpace.toJSON()).toEqual(expected.toJSON());
    expect((env.reset() as Reset).obs).toEqual(first);
    expect(expected.explain(first)).toBeUndefined();
    const saved = JSON.parse(JSON.stringify(await env.snapshot!()));
    expect((env.step(0) as Step).obs).toEqual(second);
    const other = frameStack(inner, { count: 2 });
    await other.restore!(saved);
    expect((other.step(0) as Step).obs).toEqual(second);
    expect(() => frameStack(inner, { count: 2, padding: 'zero' })).toThrow('frameStack: padding:');
  });

  it('pads the Boxes of a Dict with zeros', () => {
    const part = new Box({ shape: [1], low: 1, high: 9 });
    const inner: Env<unknown, number> = {
      ...scripted([{ obs }]),
      observationSpace: new Dict({ a: part }),
      reset: () => ({ obs: { a: [4] }, info: {} }),
    };
    const env = frameStack(inner, { count: 3, padding: 'zero' });
    expect((env.reset() as Reset).obs).toEqual({ a: Float32Array.of(0, 0, 4) });
    expect(env.observationSpace.explain({ a: [0, 0, 4] })).toBeUndefined();
  });

  it('continues from a checkpoint of 0.1, whose numbers are in one list', async () => {
    const walk = new WalkEnv();
    const env = frameStack(walk, { count: 2 });
    env.reset({ seed: 1 });
    const { inner } = env.snapshot!() as { inner: unknown };
    env.restore!({ inner, wrapper: [1, 2, 3, 4] });
    expect([...((env.step(0) as Step).obs as Float32Array)].slice(0, 2)).toEqual([3, 4]);
  });
});

describe('normalizeObservation', () => {
  it('learns from each observation before it normalizes it', () => {
    const env = normalizeObservation(scripted([{ obs: [[4], [8]] }]));
    const reference = new RunningStats(1);
    const { obs: first } = env.reset() as { obs: Float32Array };
    reference.update([4], 1);
    expect(first[0]).toBeCloseTo((4 - reference.mean[0]) * reference.scale(0), 6);
    const { obs: second } = env.step(0) as Step<Float32Array>;
    reference.update([8], 1);
    expect(second[0]).toBeCloseTo((8 - reference.mean[0]) * reference.scale(0), 6);
  });

  it('learns nothing while frozen', () => {
    const stats = RunningStats.fromState({ count: 5, mean: [2], variance: [4] });
    const env = normalizeObservation(scripted([{ obs: [[4], [8]] }]), { stats, frozen: true });
    expect((env.reset() as { obs: Float32Array }).obs[0]).toBeCloseTo(1, 6);
    expect((env.step(0) as Step<Float32Array>).obs[0]).toBeCloseTo(3, 6);
    expect(stats.state()).toEqual({ count: 5, mean: [2], variance: [4] });
  });

  it('clips, and says so in its space', () => {
    const stats = RunningStats.fromState({ count: 5, mean: [0], variance: [1] });
    const env = normalizeObservation(scripted([{ obs: [[40], [8]] }]), {
      stats,
      frozen: true,
      clip: 5,
    });
    expect((env.reset() as { obs: Float32Array }).obs[0]).toBe(5);
    expect((env.observationSpace as Box).high[0]).toBe(5);
  });

  it('restores its statistics with a snapshot', () => {
    const stats = new RunningStats(2);
    const env = normalizeObservation(new WalkEnv(), { stats });
    env.reset({ seed: 0 });
    const snapshot = JSON.parse(JSON.stringify(env.snapshot?.()));
    const before = stats.state();
    env.step(1);
    expect(stats.state()).not.toEqual(before);
    env.restore?.(snapshot);
    expect(stats.state()).toEqual(before);
  });

  it('refuses statistics of another size', () => {
    const stats = new RunningStats(3);
    expect(() => normalizeObservation(new WalkEnv(), { stats })).toThrow(
      'size 2, as the observations, got 3',
    );
  });
});

describe('normalizeReward', () => {
  const gamma = 0.5;

  /** The factors that a run of discounted returns leads to. */
  const expected = (rewards: number[], returns: number[]) => {
    const reference = new RunningStats(1);
    return rewards.map((reward, i) => {
      reference.update([returns[i]], 1);
      return reward / Math.sqrt(reference.variance[0] + 1e-8);
    });
  };

  const play = (end: 'terminated' | 'truncated') => {
    const env = normalizeReward(scripted([{ obs: [[0], [0], [0]], rewards: [2, 4], end }]), {
      gamma,
    });
    const rewards: number[] = [];
    for (let episode = 0; episode < 2; episode++) {
      env.reset();
      for (let t = 0; t < 2; t++) rewards.push((env.step(0) as Step).reward);
    }
    return rewards;
  };

  it('forgets the return at a termination', () => {
    // G: 2; terminated, so 4; 0.5·4 + 2 = 4; terminated, so 4
    const rewards = expected([2, 4, 2, 4], [2, 4, 4, 4]);
    play('terminated').forEach((reward, i) => {
      expect(reward).toBeCloseTo(rewards[i], 10);
    });
  });

  it('goes on with the return through a truncation and a reset', () => {
    // G: 2; 0.5·2 + 4 = 5; 0.5·5 + 2 = 4.5; 0.5·4.5 + 4 = 6.25
    const rewards = expected([2, 4, 2, 4], [2, 5, 4.5, 6.25]);
    play('truncated').forEach((reward, i) => {
      expect(reward).toBeCloseTo(rewards[i], 10);
    });
  });

  it('only scales while frozen', () => {
    const stats = RunningStats.fromState({ count: 5, mean: [100], variance: [4] });
    const env = normalizeReward(scripted([{ obs: [[0], [0]], rewards: [3] }]), {
      gamma,
      stats,
      frozen: true,
    });
    env.reset();
    expect((env.step(0) as Step).reward).toBeCloseTo(1.5, 8);
    expect(stats.state().count).toBe(5);
  });

  it('restores return and statistics with a snapshot', () => {
    const env = normalizeReward(new WalkEnv(), { gamma });
    env.reset({ seed: 0 });
    env.step(1);
    const snapshot = JSON.parse(JSON.stringify(env.snapshot?.()));
    const next = () => (env.step(1) as Step).reward;
    const rewards = [next(), next()];
    env.restore?.(snapshot);
    expect([next(), next()]).toEqual(rewards);
  });
});

describe('watched', () => {
  const drawing = (x: number) => ({ width: x, height: 1, shapes: [] });

  /** Watches an environment whose drawings come from `render`. */
  function watch(render?: Env['render']) {
    const views: View[] = [];
    const env = scripted([{ obs: [[0], [1], [2]] }]);
    return {
      views,
      env: recordViews(render ? { ...env, render } : env, (view) => views.push(view)),
    };
  }

  it('hands on every observation with its drawing, as it comes', () => {
    let x = 0;
    const { env, views } = watch(() => drawing(++x));
    env.reset();
    env.step(0);
    expect(views).toEqual([
      { obs: Float32Array.of(0), drawing: drawing(1) },
      { obs: Float32Array.of(1), drawing: drawing(2) },
    ]);
  });

  it('waits for a drawing that takes its time', async () => {
    const { env, views } = watch(async () => drawing(1));
    const reset = env.reset();
    expect(reset).toBeInstanceOf(Promise);
    expect(views).toEqual([]);
    await reset;
    expect(views).toEqual([{ obs: Float32Array.of(0), drawing: drawing(1) }]);
  });

  it('does without drawings where there are none', () => {
    const { env, views } = watch();
    env.reset();
    expect(views).toEqual([{ obs: Float32Array.of(0), drawing: undefined }]);
  });

  it.each<[string, (over: boolean) => Env['render']]>([
    [
      'throws',
      (over) => () => {
        if (over) throw new Error('gone');
        return drawing(1);
      },
    ],
    ['rejects', (over) => async () => (over ? Promise.reject(new Error('gone')) : drawing(1))],
  ])('does without the drawing of an episode that is over, where it %s', async (_, make) => {
    let over = false;
    const { env, views } = watch(() => make(over)!());
    await env.reset();
    await env.step(0);
    over = true;
    await env.step(0);
    expect(views.map(({ drawing }) => drawing?.width)).toEqual([1, 1, undefined]);
  });

  it('says why an episode that lasts is not drawn, and goes on', () => {
    const { env, views } = watch(() => {
      throw new Error('no canvas');
    });
    env.reset();
    env.step(0);
    expect(views.map(({ undrawn }) => undrawn)).toEqual(['render: no canvas', 'render: no canvas']);
  });

  it('does not ask again for a drawing that does not come', async () => {
    vi.useFakeTimers();
    onTestFinished(() => void vi.useRealTimers());
    const render = vi.fn(() => new Promise<never>(() => {}));
    const { env, views } = watch(render);
    const reset = env.reset();
    await vi.advanceTimersByTimeAsync(60_000);
    await reset;
    await env.step(0);
    expect(views.map(({ undrawn }) => undrawn)).toEqual([
      'render: no answer within 10000 ms',
      undefined,
    ]);
    expect(render).toHaveBeenCalledTimes(1);
  });
});
