import { describe, expect, it } from 'vitest';
import { type Env, EnvPool, type EnvPoolOptions, type Failed } from '../../../src/envs/index.ts';
import { CountEnv, HeldEnv, turns } from '../../support/count-env.ts';

const options: EnvPoolOptions = {
  name: 'Count',
  count: 1,
  seed: 5,
  timeoutMs: 1000,
  maxFailures: 2,
};

/** Acts in every environment until `enough` outcomes have come, or it fails. */
async function drive(pool: EnvPool, enough: number) {
  const lost: (string | undefined)[] = [];
  const failed: Failed[] = [];
  pool.failures.subscribe((one) => failed.push(one));
  const error = await new Promise<Error | undefined>((resolve) => {
    pool.observe().subscribe({
      next: (observations) => {
        if (lost.length >= enough) return resolve(undefined);
        pool.step(observations.map(({ env }) => ({ env, action: 1 }))).subscribe({
          next: (outcomes) => lost.push(...outcomes.map((outcome) => outcome.lost)),
          error: resolve,
        });
      },
      error: resolve,
    });
  });
  return {
    lost,
    error,
    reported: failed.map(({ error, consecutive }) => [consecutive, error.message]),
  };
}

/** A pool whose environments have acted once, and act once more when `acted` is called. */
async function paused(pool: EnvPool) {
  const lost: (string | undefined)[] = [];
  const reported: [number, string][] = [];
  pool.failures.subscribe(({ error, consecutive }) => reported.push([consecutive, error.message]));
  let waiting: number[] = [];
  pool.observe().subscribe((observations) => waiting.push(...observations.map(({ env }) => env)));
  const acted = async () => {
    const actions = waiting.sort().map((env) => ({ env, action: 1 }));
    waiting = [];
    pool.step(actions).subscribe((outcomes) => lost.push(...outcomes.map(({ lost }) => lost)));
    await turns(3);
  };
  await turns(3);
  await acted();
  return { lost, reported, acted };
}

/** Counts, and in its `n`-th step does what it is told. */
function failing(n: number, fail: () => never | Promise<never>, length = 3): CountEnv {
  let steps = 0;
  const env = new CountEnv(length);
  const step = env.step.bind(env);
  return Object.assign(env, {
    step: (action: number) => (++steps === n ? fail() : step(action)),
  });
}
const boom = () => {
  throw new Error('boom');
};

describe('an environment that fails and is survived', () => {
  it('is made anew, and begins with a seed of its own', async () => {
    const envs = [failing(2, boom), new CountEnv()];
    let made = 0;
    const pool = await EnvPool.create(() => envs[made++], options);
    const { lost, error, reported } = await drive(pool, 6);
    expect(error).toBeUndefined();
    expect(lost[1]).toMatch(
      /^Count \(environment 0, seed \d+, episode 1, step 1, action 1\) step threw: boom/,
    );
    expect(lost.filter((reason) => reason !== undefined)).toHaveLength(1);
    expect(reported).toEqual([[1, lost[1]]]);
    expect(envs.map(({ closed }) => closed)).toEqual([1, 0]);
    expect(envs[1].seeds[0]).toEqual(expect.any(Number));
    expect(envs[1].seeds[0]).not.toBe(envs[0].seeds[0]);
  });

  it('is thrown once it has failed too often, unless an episode was finished in between', async () => {
    // One, two and no episodes between failures.
    const lives = [4, 7, 1, 1, 1, 1];
    const pool = await EnvPool.create(() => failing(lives.shift()!, boom), options);
    const { error, reported } = await drive(pool, 100);
    expect(reported.map(([consecutive]) => consecutive)).toEqual([1, 1, 2, 3]);
    expect(error?.message).toBe(reported.at(-1)![1]);
  });

  it('that cannot be made anew has failed once more', async () => {
    const lives = [() => failing(2, boom), boom, () => new CountEnv()];
    const pool = await EnvPool.create(() => lives.shift()!(), options);
    const { error, reported } = await drive(pool, 6);
    expect(error).toBeUndefined();
    expect(reported).toEqual([
      [1, expect.stringMatching(/step threw: boom$/)],
      [2, expect.stringMatching(/factory threw: boom$/)],
    ]);
  });

  it.each<[string, () => unknown, RegExp]>([
    ['throws', boom, / snapshot threw: boom$/],
    [
      'gives what is no plain data',
      () => ({ board: Float32Array.of(1) }),
      / snapshot\.board: expected plain JSON data, got Float32Array/,
    ],
    [
      'gives what throws as it is read',
      () => ({
        get board() {
          return boom();
        },
      }),
      / snapshot: what it gave cannot be read: boom$/,
    ],
    [
      'gives a list with a hole',
      () => ({ cells: new Array(2) }),
      / snapshot\.cells\[0\]: expected plain JSON data, got a hole in an array$/,
    ],
  ])(
    'as it is saved, since its snapshot %s, loses that episode, and the others nothing',
    async (_, snapshot, reason) => {
      const lives = [() => Object.assign(new CountEnv(9), { snapshot, restore: () => {} })];
      const made: CountEnv[] = [];
      const make = () => {
        made.push((lives.shift() ?? (() => new CountEnv(9)))());
        return made.at(-1)!;
      };
      const pool = await EnvPool.create(make, { ...options, count: 2 });
      const { reported, lost, acted } = await paused(pool);
      expect(lost).toEqual([undefined, undefined]);
      const { seats } = await pool.snapshot();
      expect(reported).toEqual([[1, expect.stringMatching(reason)]]);
      // What a resumed run begins with is what this one goes on with.
      expect(seats[0]).toMatchObject({ env: undefined, episode: 0, failures: 1 });
      expect(seats[1]).toMatchObject({ episode: 1, failures: 0 });
      await acted();
      expect(lost.slice(2)).toEqual([expect.stringMatching(reason), undefined]);
      expect(made).toHaveLength(3);
      expect(made.map(({ closed }) => closed)).toEqual([1, 0, 0]);
      expect(made[2].seeds).toEqual([seats[0].seed]);
      expect(made[0].seeds).not.toContain(seats[0].seed);
      // It was told of once, and what is saved now is another.
      expect((await pool.snapshot()).seats[0]).toMatchObject({ episode: 1, failures: 1 });
      expect(reported).toHaveLength(1);
    },
  );

  it.each<[string, () => unknown, string]>([
    ['throws', boom, 'close threw: boom'],
    ['rejects', async () => boom(), 'close threw: boom'],
    ['never ends', () => new Promise(() => {}), 'close: no answer within 20 ms'],
  ])(
    'as it is closed, since that %s, is told of once; all others are closed',
    async (_, close, reason) => {
      const made: CountEnv[] = [];
      const make = () => {
        made.push(new CountEnv());
        return made.length === 3 ? made[2] : Object.assign(made.at(-1)!, { close });
      };
      const pool = await EnvPool.create(make, { ...options, count: 3, timeoutMs: 20 });
      const reported: Failed[] = [];
      pool.failures.subscribe((failed) => reported.push(failed));
      await pool.close();
      expect(reported.map(({ error, aside }) => [error.message, aside])).toEqual([
        [expect.stringContaining(reason), 'close'],
      ]);
      expect(made[2].closed).toBe(1);
    },
  );

  it('as it is restored begins another episode, and is told of to whoever asks later', async () => {
    const snapshot = { snapshot: () => 1, restore: () => {} };
    const before = await EnvPool.create(() => Object.assign(new CountEnv(), snapshot), options);
    await drive(before, 1);
    const state = await before.snapshot();
    const env = Object.assign(new CountEnv(), { ...snapshot, restore: boom });
    const after = await EnvPool.create(() => env, options);
    await after.restore(state);
    const { reported, error } = await drive(after, 1);
    expect(error).toBeUndefined();
    expect(reported).toEqual([[1, expect.stringMatching(/restore threw: boom$/)]]);
    expect(env.seeds).toEqual([expect.any(Number)]);
    expect(env.seeds[0]).not.toBe(state.seats[0].seed);
  });

  it('as it is restored begins another episode, and the others go on in theirs', async () => {
    const state = { x: 1 };
    const stateful = (restore: () => void) =>
      Object.assign(new CountEnv(9), { snapshot: () => state, restore });
    const make = () => stateful(() => {});
    const pool = await EnvPool.create(make, { ...options, count: 2 });
    await paused(pool);
    const saved = await pool.snapshot();
    const lives = [boom, () => {}];
    const again = await EnvPool.create(() => stateful(lives.shift()!), { ...options, count: 2 });
    expect(await again.restore(saved)).toEqual([false, true]);
    const reported: string[] = [];
    again.failures.subscribe(({ error }) => reported.push(error.message));
    expect(reported).toEqual([expect.stringMatching(/ restore threw: boom$/)]);
    const { seats } = await again.snapshot();
    expect(seats[0]).toMatchObject({ env: undefined, episode: 0 });
    expect(seats[1]).toEqual(saved.seats[1]);
  });

  it('and comes back after all was closed, is closed too', async () => {
    let make = (_: Env) => {};
    const made = new Promise<Env>((resolve) => (make = resolve));
    const lives = [() => failing(1, boom), () => made];
    const pool = await EnvPool.create(() => lives.shift()!(), options);
    void drive(pool, 1);
    await turns(3);
    const closing = pool.close();
    const last = new CountEnv();
    make(last);
    await closing;
    expect(last.closed).toBe(1);
  });
});

describe('an environment elsewhere', () => {
  const elsewhere = { ...options, elsewhere: true, limits: { observation: 1e6, reward: 12 } };

  it('that breaks its contract begins another episode as it is', async () => {
    const env = new CountEnv();
    // Its first episode pays 11, 12, 13: the last is too much, and whatever comes later.
    const pool = await EnvPool.create(() => env, elsewhere);
    const { error, lost } = await drive(pool, 100);
    expect(lost.slice(0, 3)).toEqual([undefined, undefined, expect.stringContaining('within ±12')]);
    expect(error?.message).toMatch(/guards.maxReward/);
    expect(env.seeds).toHaveLength(3);
    expect(env.closed).toBe(0);
  });

  it('of which it is said that it is over ends the stream at once', async () => {
    const pool = await EnvPool.create(() => failing(2, boom), elsewhere);
    const { error, reported } = await drive(pool, 100);
    expect(error?.message).toMatch(/step threw: boom$/);
    expect(reported).toEqual([]);
  });
});

describe('what environments owe', () => {
  it('is said, and how many answers have come', async () => {
    const envs = [new CountEnv(9), new HeldEnv(9), new HeldEnv(9)];
    let made = 0;
    const pool = await EnvPool.create(() => envs[made++] as Env, { ...options, count: 3 });
    pool.observe().subscribe();
    await turns(2);
    const before = pool.answers;
    pool.step([0, 1, 2].map((env) => ({ env, action: 1 }))).subscribe();
    expect([pool.pending, pool.answers - before]).toEqual([[1, 2], 1]);
    await (envs[2] as HeldEnv).answer();
    expect([pool.pending, pool.answers - before]).toEqual([[1], 2]);
    await (envs[1] as HeldEnv).answer();
    expect([pool.pending, pool.answers - before]).toEqual([[], 3]);
  });
});
