import { afterEach, describe, expect, it, vi } from 'vitest';
import { RunningStats } from '../../../src/envs/common/index.ts';
import {
  Box,
  Discrete,
  type Env,
  EnvDisconnectedError,
  EnvError,
  EnvPool,
  type EnvPoolOptions,
  type Observation,
  type Outcome,
  type Step,
} from '../../../src/envs/index.ts';
import { CountEnv, HeldEnv, turns } from '../../support/count-env.ts';
import { asynchronous, WalkEnv } from '../../support/walk-env.ts';

/** A pool over environments made one by one. */
function poolOf(envs: readonly Env[], options: Partial<EnvPoolOptions> = {}): Promise<EnvPool> {
  let made = 0;
  return EnvPool.create(() => envs[made++] as Env<unknown, unknown>, {
    count: envs.length,
    seed: 7,
    timeoutMs: 1000,
    name: 'Count',
    ...options,
  });
}

interface Played {
  outcomes: Outcome[];
  /** As `observe` emitted them. */
  batches: Observation[][];
  completed: boolean;
}

/** Gives every observation an action until `count` outcomes are in or the pool has nothing left. */
function play(pool: EnvPool, count: number, action: (o: Observation) => unknown = () => 1) {
  return new Promise<Played>((resolve, reject) => {
    const played: Played = { outcomes: [], batches: [], completed: false };
    const subscription = pool.observe().subscribe({
      next: (observations) => {
        played.batches.push(observations);
        if (played.outcomes.length >= count) {
          resolve(played);
          // The first emission may come before there is a subscription.
          queueMicrotask(() => subscription.unsubscribe());
          return;
        }
        const actions = observations.map((o) => ({ env: o.env, action: action(o) }));
        pool.step(actions).subscribe({
          next: (outcomes) => played.outcomes.push(...outcomes),
          error: reject,
        });
      },
      error: reject,
      complete: () => resolve({ ...played, completed: true }),
    });
  });
}

async function failureOf(promise: Promise<unknown>): Promise<EnvError> {
  const error = await promise.then(
    () => undefined,
    (error) => error,
  );
  expect(error).toBeInstanceOf(EnvError);
  return error as EnvError;
}

const rows = (observations: readonly Observation[]) => observations.map(({ row }) => [...row]);

describe('EnvPool', () => {
  describe.each(['synchronous', 'asynchronous'])('with %s environments', (kind) => {
    const wrap = (env: CountEnv): Env =>
      (kind === 'synchronous' ? env : asynchronous(env)) as unknown as Env;

    it('begins every episode before the first observations', async () => {
      const pool = await poolOf([new CountEnv(), new CountEnv()].map(wrap));
      const { batches } = await play(pool, 0);
      expect(batches).toHaveLength(1);
      expect(batches[0].map(({ env }) => env)).toEqual([0, 1]);
      expect(rows(batches[0])).toEqual([
        [1, 0],
        [1, 0],
      ]);
    });

    it('resets in the step that ends an episode and keeps the true final observation', async () => {
      const pool = await poolOf([wrap(new CountEnv(2, 'truncated'))]);
      const { outcomes, batches } = await play(pool, 3);
      expect(outcomes[0]).toMatchObject({ reward: 11, truncated: false, terminated: false });
      expect(outcomes[0].final).toBeUndefined();
      expect(outcomes[0].episode).toBeUndefined();
      expect(outcomes[1]).toMatchObject({ reward: 12, truncated: true, terminated: false });
      expect([...outcomes[1].final!]).toEqual([1, 2]);
      expect([...outcomes[1].next.row]).toEqual([2, 0]);
      expect([...outcomes[2].next.row]).toEqual([2, 1]);
      expect(batches.flatMap(rows)).toEqual([
        [1, 0],
        [1, 1],
        [2, 0],
        [2, 1],
      ]);
    });

    it('sums up an episode: raw return, length, success at its end, difficulty at its start', async () => {
      const pool = await poolOf([wrap(new CountEnv(2))]);
      const { outcomes } = await play(pool, 4);
      expect(outcomes.flatMap(({ episode }) => episode ?? [])).toEqual([
        { return: 23, length: 2, success: false, difficulty: 1 },
        { return: 43, length: 2, success: true, difficulty: 2 },
      ]);
    });

    it('shares episodes out evenly, then lets environments rest', async () => {
      const envs = [new CountEnv(1), new CountEnv(2)];
      const { outcomes, completed } = await play(
        await poolOf(envs.map(wrap), { episodes: 5 }),
        Infinity,
      );
      expect(completed).toBe(true);
      const ended = outcomes.filter(({ episode }) => episode).map(({ env }) => env);
      expect(ended.filter((env) => env === 0)).toHaveLength(3);
      expect(ended.filter((env) => env === 1)).toHaveLength(2);
      expect(envs.map(({ episode }) => episode)).toEqual([3, 2]);
    });
  });

  it('leaves out environments that have no share of the episodes', async () => {
    const envs = [new CountEnv(1), new CountEnv(1)];
    const { outcomes, completed } = await play(await poolOf(envs, { episodes: 1 }), Infinity);
    expect(completed).toBe(true);
    expect(outcomes).toHaveLength(1);
    expect(envs.map(({ episode }) => episode)).toEqual([1, 0]);
  });

  it('steps fast environments while a slow one has not answered', async () => {
    const slow = new HeldEnv(9);
    const pool = await poolOf([slow, new CountEnv(9)]);
    const { outcomes } = await play(pool, 4);
    expect(outcomes.map(({ env }) => env)).toEqual([1, 1, 1, 1]);
    expect(slow.waiting).toBe(1);
  });

  it('sends answers that come in the same turn together', async () => {
    const pool = await poolOf([asynchronous(new CountEnv()), asynchronous(new CountEnv())]);
    const { batches } = await play(pool, 2);
    expect(batches.map((batch) => batch.length)).toEqual([2, 2]);
  });

  it('seeds each environment once, apart from the others, the same way each time', async () => {
    const seedsOf = async (seed: number) => {
      const envs = Array.from({ length: 20 }, () => new CountEnv(1));
      await play(await poolOf(envs, { seed }), 40);
      for (const { seeds } of envs) expect(seeds.slice(1)).toEqual([undefined, undefined]);
      return envs.map(({ seeds }) => seeds[0]!);
    };
    const first = await seedsOf(1);
    expect(new Set([...first, ...(await seedsOf(2))]).size).toBe(40);
    expect(await seedsOf(1)).toEqual(first);
  });

  it('plays its episodes again from the seed, or others from another, on the same environments', async () => {
    const envs = [new WalkEnv(), new WalkEnv(), new WalkEnv()];
    const pool = await poolOf(envs, { episodes: 4 });
    const played = async () => {
      const { outcomes, completed } = await play(pool, Infinity);
      expect(completed).toBe(true);
      return outcomes.map(({ env, reward, final, episode }) => ({ env, reward, final, episode }));
    };
    const first = await played();
    expect(
      first
        .filter(({ episode }) => episode)
        .map(({ env }) => env)
        .sort(),
    ).toEqual([0, 0, 1, 2]);
    pool.replay(7, 4);
    expect(await played()).toEqual(first);
    pool.replay(8, 4);
    expect(await played()).not.toEqual(first);
    // Fewer episodes than environments: the others rest.
    pool.replay(7, 2);
    const few = await played();
    expect(few).toEqual(first.filter(({ env }) => env < 2).slice(0, few.length));
    expect(few.filter(({ episode }) => episode)).toHaveLength(2);
  });

  it('truncates an episode that has not ended after maxEpisodeSteps decisions, and says so', async () => {
    const env = new CountEnv(5);
    const pool = await poolOf([env], { maxEpisodeSteps: 3 });
    const { outcomes } = await play(pool, 6);
    expect(outcomes.map(({ truncated }) => truncated)).toEqual([
      false,
      false,
      true,
      false,
      false,
      true,
    ]);
    expect(outcomes[2].episode).toEqual({
      ...{ return: 36, length: 3, success: undefined, difficulty: 1, cut: true },
    });
    expect([...outcomes[2].final!]).toEqual([1, 3]);
    expect([...outcomes[2].next.row]).toEqual([2, 0]);
    const ended = await play(await poolOf([new CountEnv(3)], { maxEpisodeSteps: 3 }), 3);
    expect(ended.outcomes[2]).toMatchObject({ terminated: true, truncated: false });
    expect(ended.outcomes[2].episode).not.toHaveProperty('cut');
  });

  it('gives an environment a copy of its action, to do with as it likes', async () => {
    const actionSpace = new Box({ shape: [2], low: -9, high: 9 });
    const env: Env = Object.assign(new CountEnv(), {
      actionSpace,
      step(this: CountEnv, action: unknown) {
        (action as Float32Array).fill(0);
        return CountEnv.prototype.step.call(this, 1);
      },
    });
    const action = Float32Array.of(1, 2);
    await play(await poolOf([env]), 2, () => action);
    expect([...action]).toEqual([1, 2]);
  });

  it('normalizes rows by running statistics, which it leaves alone where frozen', async () => {
    const stats = new RunningStats(2);
    await play(await poolOf([new CountEnv(2)], { normalizer: { stats, frozen: false } }), 2);
    // Seen: [1, 0], [1, 1], [1, 2] and the next episode's [2, 0].
    expect(stats.count).toBeCloseTo(4, 3);
    expect([...stats.mean].map((x) => Number(x.toFixed(3)))).toEqual([1.25, 0.75]);
    const before = stats.state();
    const pool = await poolOf([new CountEnv(2)], { normalizer: { stats, frozen: true } });
    const { outcomes } = await play(pool, 2);
    expect(stats.state()).toEqual(before);
    const final = Float32Array.of(1, 2);
    stats.normalize(final);
    expect(outcomes[1].final).toEqual(final);
  });
});

/** Counts, but breaks its contract as told. */
class BrokenEnv extends CountEnv {
  readonly #broken: (step: Step<Float32Array>) => unknown;

  constructor(broken: (step: Step<Float32Array>) => unknown) {
    super(9);
    this.#broken = broken;
  }

  override step(action: number) {
    const step = super.step(action) as Step<Float32Array>;
    return (this.t === 3 ? this.#broken(step) : step) as Step<Float32Array>;
  }
}

describe('an environment that breaks its contract', () => {
  afterEach(() => {
    vi.useRealTimers();
  });

  const boom = () => {
    throw new Error('boom');
  };

  it.each<[string, (step: Step<Float32Array>) => unknown, string]>([
    [
      'NaN reward',
      (s) => ({ ...s, reward: Number.NaN }),
      'reward: expected a finite number, got NaN',
    ],
    ['infinite reward', (s) => ({ ...s, reward: -Infinity }), 'got -Infinity'],
    ['no reward', (s) => ({ ...s, reward: undefined }), 'got undefined'],
    ['text for a reward', (s) => ({ ...s, reward: '1' }), 'got "1"'],
    [
      'wrong shape',
      (s) => ({ ...s, obs: Float32Array.of(1) }),
      'obs: expected a Float32Array of 2',
    ],
    ['NaN observed', (s) => ({ ...s, obs: Float32Array.of(1, Number.NaN) }), 'got NaN'],
    [
      'infinity observed',
      (s) => ({ ...s, obs: Float32Array.of(1, Infinity) }),
      'obs: expected finite float32 numbers, got Infinity at entry 1',
    ],
    ['flag no boolean', (s) => ({ ...s, terminated: 1 }), 'terminated: expected a boolean, got 1'],
    ['flag missing', (s) => ({ ...s, truncated: undefined }), 'truncated: expected a boolean'],
    ['nothing returned', () => undefined, 'expected an object with obs, reward'],
    ['null returned', () => null, 'got null'],
    ['throws', boom, 'step threw: boom'],
    ['throws no Error', () => Promise.reject('late'), 'step threw: "late"'],
    ['rejects', () => Promise.reject(new Error('boom')), 'step threw: boom'],
    ['resolves to nonsense', async (s) => ({ ...s, reward: Number.NaN }), 'got NaN'],
    [
      'mask too short',
      (s) => ({ ...s, info: { actionMask: [1] } }),
      'info.actionMask: expected 3 entries, got 1',
    ],
    ['null mask', (s) => ({ ...s, info: { actionMask: null } }), 'expected an array, got null'],
    ['mask of nothing', (s) => ({ ...s, info: { actionMask: [0, 0, 0] } }), 'at least one allowed'],
    [
      'reward that cannot be read',
      (s) => Object.defineProperty({ ...s }, 'reward', { get: boom }),
      'step: what it gave cannot be read: boom',
    ],
  ])('%s: EnvError says what, where and when', async (_name, broken, problem) => {
    const env = new BrokenEnv(broken);
    const pool = await poolOf([asynchronous(new CountEnv(9)), env]);
    const failed = await failureOf(play(pool, 100, ({ row }) => Math.min(3, row[1] + 1)));
    const seed = env.seeds[0]!;
    expect(failed.message).toContain(problem);
    expect(failed.message).toContain(
      `Count (environment 1, seed ${seed}, episode 1, step 2, action 3)`,
    );
    expect(failed.failure).toMatchObject({ name: 'Count', env: 1, seed, episode: 1, step: 2 });
    expect(failed.failure.action).toBe(3);
  });

  it('an action outside its space is refused before the environment sees it', async () => {
    const env = new CountEnv();
    const failed = await failureOf(play(await poolOf([env]), 9, ({ row }) => row[1]));
    expect(failed.message).toBe(
      `Count (environment 0, seed ${env.seeds[0]}, episode 1, step 0, action 0) ` +
        'was given an action outside its space: expected an integer in 1..3, got 0',
    );
    expect(env.actions).toEqual([]);
  });

  it.each<[string, () => unknown, string]>([
    ['throws', boom, 'reset threw: boom'],
    ['rejects', () => Promise.reject(new Error('boom')), 'reset threw: boom'],
    ['returns nothing', () => undefined, 'reset: expected an object with obs and info'],
    ['returns no observation', () => ({ info: {} }), 'reset: obs: expected a Float32Array of 2'],
    [
      'gives a bad mask',
      () => ({ obs: [0, 0], info: { actionMask: [1, 1, 7] } }),
      'reset: info.actionMask: expected 0 or 1, got 7',
    ],
  ])('a first reset that %s', async (_name, reset, problem) => {
    const env = Object.assign(new CountEnv(), { reset });
    const other = asynchronous(new CountEnv()) as unknown as Env;
    const failed = await failureOf(play(await poolOf([other, env]), 1));
    expect(failed.message).toContain(problem);
    expect(failed.message).toMatch(/^Count \(environment 1, seed \d+, episode [01], step 0\)/);
  });

  it('a later reset that throws is named too, and other environments change nothing', async () => {
    const env = new CountEnv(2);
    const reset = env.reset.bind(env);
    env.reset = (options) => (env.episode < 2 ? reset(options) : boom());
    const failed = await failureOf(play(await poolOf([env]), 100));
    expect(failed.message).toContain('episode 2, step 2) reset threw: boom');
    expect((failed.cause as Error).message).toBe('boom');
  });

  it.each(['reset', 'step'] as const)('a %s that never answers times out', async (verb) => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    const env = Object.assign(new CountEnv(), { [verb]: () => new Promise(() => {}) });
    const failed = failureOf(play(await poolOf([env], { timeoutMs: 250 }), 9));
    await turns(2);
    expect(vi.getTimerCount()).toBe(1);
    await vi.advanceTimersByTimeAsync(250);
    const details = verb === 'step' ? 'episode 1, step 0, action 1' : 'episode 0, step 0';
    expect((await failed).message).toMatch(
      new RegExp(`\\(environment 0, seed \\d+, ${details}\\) ${verb}: no answer within 250 ms`),
    );
  });

  it('answers in time leave no timer behind', async () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    await play(await poolOf([asynchronous(new CountEnv())]), 5);
    await turns(2);
    expect(vi.getTimerCount()).toBe(0);
  });

  it('thenables count as promises', async () => {
    const env = new CountEnv();
    const step = env.step.bind(env);
    env.step = ((action: number) => ({
      // biome-ignore lint/suspicious/noThenProperty: a promise of another make
      then: (resolve: (x: unknown) => void) => resolve(step(action)),
    })) as never;
    const { outcomes } = await play(await poolOf([env]), 2);
    expect(outcomes.map(({ reward }) => reward)).toEqual([11, 12]);
  });

  it('one that cannot be made: the others are closed', async () => {
    const first = new CountEnv();
    let made = 0;
    const creating = EnvPool.create(() => (made++ === 0 ? (first as unknown as Env) : boom()), {
      count: 3,
      seed: 7,
      timeoutMs: 1000,
      name: 'Count',
    });
    const failed = await failureOf(creating);
    expect(failed.message).toMatch(/^Count \(environment 1, seed \d+\) could not be made: boom$/);
    expect(first.closed).toBe(1);
  });
});

describe('masks', () => {
  class MaskedEnv extends CountEnv {
    readonly mask = Uint8Array.of(1, 0, 0);

    override reset() {
      return { obs: Float32Array.of(0, 0), info: { actionMask: this.mask } };
    }

    override step(action: number) {
      const step = super.step(action) as Step<Float32Array>;
      // One array, written again and again: at the end nothing may be chosen.
      this.mask.fill(0);
      if (!step.terminated) this.mask[this.t] = 1;
      return { ...step, info: { actionMask: this.mask } };
    }
  }

  it('are copied, and not asked for where nothing is chosen', async () => {
    const pool = await poolOf([new MaskedEnv(3)]);
    const { batches } = await play(pool, 2, ({ row }) => row[1] + 1);
    expect(batches.map(([{ mask }]) => [...(mask as Uint8Array)])).toEqual([
      [1, 0, 0],
      [0, 1, 0],
      [0, 0, 1],
    ]);
    const whole = await play(await poolOf([new MaskedEnv(3)], { episodes: 1 }), 9);
    expect(whole.outcomes).toHaveLength(3);
    expect(whole.outcomes[2].next.mask).toBeUndefined();
  });
});

describe('snapshot and restore', () => {
  const walks = (count: number, seed = 7) =>
    poolOf(
      Array.from({ length: count }, () => new WalkEnv()),
      { seed, name: 'Walk' },
    );
  const act = ({ row, env }: Observation) => (row[0] + env > 0.3 ? 1 : 0);

  it('go on exactly, through JSON', async () => {
    const pool = await walks(3);
    await play(pool, 20, act);
    const state = JSON.parse(JSON.stringify(await pool.snapshot()));
    const expected = await play(pool, 60, act);
    const restored = await walks(3, 8);
    await restored.restore(state);
    expect(await restored.snapshot()).toEqual(await restored.snapshot());
    const found = await play(restored, 60, act);
    expect(found.batches).toEqual(expected.batches);
    expect(found.outcomes).toEqual(expected.outcomes);
    expect(found.outcomes.some(({ episode }) => episode)).toBe(true);
  });

  it('an environment without a snapshot begins a new episode with a seed of its own', async () => {
    const make = () => [new CountEnv(9), new CountEnv(9)];
    const envs = make();
    const pool = await poolOf(envs);
    await play(pool, 4);
    const state = JSON.parse(JSON.stringify(await pool.snapshot()));
    const again = make();
    const restored = await poolOf(again);
    await restored.restore(state);
    const { outcomes, batches } = await play(restored, 18);
    expect(rows(batches[0])).toEqual([
      [1, 0],
      [1, 0],
    ]);
    expect(outcomes.find(({ episode }) => episode)!.episode).toMatchObject({
      length: 9,
      return: 135,
    });
    const seeds = [...envs, ...again].map((env) => env.seeds[0]);
    expect(new Set(seeds).size).toBe(4);
    const third = make();
    const repeated = await poolOf(third);
    await repeated.restore(state);
    await play(repeated, 2);
    expect(third.map((env) => env.seeds[0])).toEqual(again.map((env) => env.seeds[0]));
  });

  it('a snapshot waits for what is in flight, and for its outcomes to be out', async () => {
    const env = new HeldEnv(9);
    const pool = await poolOf([env]);
    const order: string[] = [];
    const subscription = pool.observe().subscribe(([{ row }]) => {
      if (row[1] === 0) {
        pool.step([{ env: 0, action: 1 }]).subscribe(() => order.push('outcome'));
      }
    });
    await turns(2);
    const snapshot = pool.snapshot().then((state) => {
      order.push('snapshot');
      return state;
    });
    await turns(2);
    expect(order).toEqual([]);
    await env.answer();
    const [seat] = (await snapshot).seats;
    expect(order).toEqual(['outcome', 'snapshot']);
    expect(seat).toMatchObject({ length: 1, return: 11, observation: { row: [1, 1] } });
    subscription.unsubscribe();
  });

  it('a mask and a difficulty are part of it', async () => {
    const pool = await walks(1);
    await play(pool, 1, act);
    const other = await walks(1, 9);
    await other.restore(JSON.parse(JSON.stringify(await pool.snapshot())));
    const { batches } = await play(other, 0);
    expect(batches[0][0]).toMatchObject({ mask: Uint8Array.of(1, 1), difficulty: 3 });
  });

  it('refuse another number of environments', async () => {
    const state = await (await walks(2)).snapshot();
    const pool = await walks(3);
    await expect(pool.restore(state)).rejects.toThrow('EnvPool.restore: expected 3 seats, got 2');
  });

  it('name the environment that cannot be restored', async () => {
    const state = await (await walks(1)).snapshot();
    state.seats[0].env = 'nonsense';
    const pool = await walks(1);
    await expect(pool.restore(state)).rejects.toThrow(/^Walk \(environment 0, .*\) restore threw/);
  });
});

/** Loses its episode at the actions named, counted over its life, and may keep its next one waiting. */
class LosingEnv extends CountEnv {
  step2 = 0;
  constructor(
    private readonly at: number[],
    private readonly reset2: () => Promise<void> = async () => {},
  ) {
    super(9);
  }
  override step(action: number) {
    if (this.at.includes(this.step2++))
      return Promise.reject(new EnvDisconnectedError('the line is dead'));
    return super.step(action);
  }
  override reset(options?: { seed?: number }) {
    const reset = super.reset(options);
    return this.seeds.length > 1 ? this.reset2().then(() => reset) : reset;
  }
}

describe('an environment that is lost', () => {
  it('has an outcome that says so, and begins another episode with a seed of its own', async () => {
    const env = new LosingEnv([2]);
    const { outcomes } = await play(await poolOf([env]), 5);
    expect(outcomes.map(({ lost }) => lost)).toEqual([
      undefined,
      undefined,
      'the line is dead',
      undefined,
      undefined,
    ]);
    expect(outcomes[2]).toMatchObject({ reward: 0, terminated: false, truncated: false });
    expect(env.seeds).toEqual([expect.any(Number), expect.any(Number)]);
    expect(env.seeds[1]).not.toBe(env.seeds[0]);
    // The lost action has no place in the new episode.
    expect(outcomes[4].next.row[1]).toBe(2);
  });

  it('keeps nobody waiting, a snapshot neither', async () => {
    const never = new Promise<void>(() => {});
    const pool = await poolOf([
      new LosingEnv([0], () => never),
      asynchronous(new CountEnv(9)) as unknown as Env,
    ]);
    const { outcomes } = await play(pool, 4);
    expect(outcomes.filter(({ env }) => env === 0).map(({ lost }) => lost)).toEqual([
      'the line is dead',
    ]);
    const { seats } = await pool.snapshot();
    expect(seats.map(({ observation }) => observation === undefined)).toEqual([true, false]);
  });

  it('plays its share all the same', async () => {
    const pool = await poolOf([new LosingEnv([3])], { episodes: 2 });
    const { outcomes } = await play(pool, 40);
    expect(outcomes.filter(({ episode }) => episode)).toHaveLength(2);
  });

  it('is given up after eleven losses in a row', async () => {
    const all = Array.from({ length: 99 }, (_, i) => i);
    await expect(play(await poolOf([new LosingEnv(all)]), 99)).rejects.toThrow(
      /Count \(environment 0, .*\) lost 11 episodes in a row: the line is dead/,
    );
  });
});

describe('close', () => {
  it('ends the observations and closes every environment, also after one that fails', async () => {
    const failing = Object.assign(new CountEnv(), {
      close: () => {
        throw new Error('boom');
      },
    });
    const last = Object.assign(new CountEnv(), {
      close: async () => {
        await turns(2);
        last.closed++;
      },
    });
    const pool = await poolOf([failing, last]);
    let completed = false;
    pool.observe().subscribe({ complete: () => (completed = true) });
    const failed = await failureOf(pool.close());
    expect(failed.message).toMatch(/^Count \(environment 0, .*\) close threw: boom$/);
    expect(last.closed).toBe(1);
    expect(completed).toBe(true);
  });

  it('waits for steps in flight', async () => {
    const env = new HeldEnv();
    const pool = await poolOf([env]);
    pool.observe().subscribe(([{ env, row }]) => {
      if (row[1] === 0) pool.step([{ env, action: 1 }]).subscribe();
    });
    await turns(2);
    const closing = pool.close();
    await turns(2);
    expect(env.closed).toBe(0);
    await env.answer();
    await closing;
    expect(env.closed).toBe(1);
  });
});

it('spaces are those of the environments', async () => {
  const pool = await poolOf([new CountEnv(), new CountEnv()]);
  expect(pool.count).toBe(2);
  expect(pool.observationSpace).toBeInstanceOf(Box);
  expect(pool.actionSpace).toEqual(new Discrete(3, 1));
});
