import { beforeEach, describe, expect, it } from 'vitest';
import {
  Box,
  Dict,
  Discrete,
  type Env,
  frameStack,
  framesOf,
  isBytes,
  MultiBinary,
  type Space,
  Text,
  Tuple,
} from '../../../src/envs/index.ts';
import { Rng } from '../../../src/kernels/index.ts';
import {
  GOES_ON,
  TERMINATED,
  TRUNCATED,
  Trajectory,
  type Transition,
} from '../../../src/rollout/index.ts';

const sizes = {
  capacity: 6,
  maxSteps: 3,
  envs: 3,
  observationSize: 2,
  actionSize: 1,
  maskSize: 2,
};

interface Given {
  env?: number;
  /** Tells the observation: its row is [seen, −seen]. */
  seen: number;
  leadsTo: number;
  steps?: number;
  reward?: number;
  ticks?: number;
  terminated?: boolean;
  truncated?: boolean;
  final?: number;
  forced?: boolean;
  mask?: number[];
}

const rowOf = (x: number) => Float32Array.of(x, -x);

function transition(given: Given): Transition {
  const { env = 0, seen, leadsTo, steps = 1, reward = 0, final, forced = false, mask } = given;
  return {
    env,
    reward,
    ticks: given.ticks ?? 1,
    terminated: given.terminated ?? false,
    truncated: given.truncated ?? false,
    final: final === undefined ? undefined : rowOf(final),
    next: { env, row: rowOf(leadsTo) },
    decision: {
      observation: { env, row: rowOf(seen), mask },
      action: Float32Array.of(seen + 0.5),
      choice: seen,
      logProb: -seen,
      ponderSteps: steps,
      halts: Float32Array.from({ length: steps }, (_, i) => (i + 1) / 8),
      values: Float32Array.from({ length: steps }, (_, i) => seen + i),
      forced,
    },
  };
}

describe('Trajectory', () => {
  let trajectory: Trajectory;
  const push = (...all: Given[]) => {
    for (const given of all) trajectory.push(transition(given));
  };
  const bootstraps = () =>
    [...trajectory.toBootstrap()].map(({ t, row }): [number, number] => [t, row[0]]);

  beforeEach(() => {
    trajectory = new Trajectory(sizes);
  });

  it('lays decisions side by side and their steps end to end', () => {
    push(
      { seen: 1, leadsTo: 2, steps: 2, reward: 5 },
      { seen: 2, leadsTo: 3, steps: 3, ticks: 3, forced: true, env: 1 },
      { seen: 3, leadsTo: 4, steps: 1, env: 2 },
    );
    const { count, total } = trajectory;
    expect([count, total]).toEqual([3, 6]);
    expect([...trajectory.env.subarray(0, 3)]).toEqual([0, 1, 2]);
    expect([...trajectory.rows.subarray(0, 6)]).toEqual([1, -1, 2, -2, 3, -3]);
    expect([...trajectory.actions.subarray(0, 3)]).toEqual([1.5, 2.5, 3.5]);
    expect([...trajectory.logProbs.subarray(0, 3)]).toEqual([-1, -2, -3]);
    expect([...trajectory.ponderSteps.subarray(0, 3)]).toEqual([2, 3, 1]);
    expect([...trajectory.offset.subarray(0, 3)]).toEqual([0, 2, 5]);
    expect([...trajectory.forced.subarray(0, 3)]).toEqual([0, 1, 0]);
    expect([...trajectory.rewards.subarray(0, 3)]).toEqual([5, 0, 0]);
    expect([...trajectory.ticks.subarray(0, 3)]).toEqual([1, 3, 1]);
    expect([...trajectory.values.subarray(0, 6)]).toEqual([1, 2, 2, 3, 4, 3]);
    expect([...trajectory.halts.subarray(0, 6)]).toEqual([1, 2, 1, 2, 3, 1].map((i) => i / 8));
  });

  it('links each decision to the next of its environment', () => {
    push(
      { env: 0, seen: 1, leadsTo: 2 },
      { env: 1, seen: 1, leadsTo: 2 },
      { env: 1, seen: 2, leadsTo: 3 },
      { env: 0, seen: 2, leadsTo: 3 },
      { env: 1, seen: 3, leadsTo: 4 },
    );
    expect([...trajectory.next.subarray(0, 5)]).toEqual([3, 2, 4, -1, -1]);
  });

  it('bootstraps the last decision of each environment from what it led to', () => {
    push(
      { env: 0, seen: 1, leadsTo: 2 },
      { env: 1, seen: 11, leadsTo: 12 },
      { env: 1, seen: 12, leadsTo: 13 },
    );
    expect(bootstraps()).toEqual([
      [0, 2],
      [2, 13],
    ]);
    expect([...trajectory.next.subarray(0, 3)]).toEqual([-1, 2, -1]);
  });

  it('a truncated episode keeps its final observation, though the environment goes on', () => {
    push({ seen: 1, leadsTo: 50, truncated: true, final: 2 }, { seen: 50, leadsTo: 51 });
    expect(bootstraps()).toEqual([
      [0, 2],
      [1, 51],
    ]);
    expect([...trajectory.ended.subarray(0, 2)]).toEqual([TRUNCATED, GOES_ON]);
  });

  it('a terminated episode has nothing to follow, even where it is truncated as well', () => {
    push(
      { env: 0, seen: 1, leadsTo: 50, terminated: true, final: 2 },
      { env: 1, seen: 1, leadsTo: 50, terminated: true, truncated: true, final: 2 },
    );
    expect(bootstraps()).toEqual([]);
    expect([...trajectory.ended.subarray(0, 2)]).toEqual([TERMINATED, TERMINATED]);
  });

  it('holds masks, all ones where none was given, and knows whether there were any', () => {
    push({ seen: 1, leadsTo: 2 });
    expect(trajectory.masked).toBe(false);
    push({ seen: 2, leadsTo: 3, mask: [0, 1] }, { seen: 3, leadsTo: 4 });
    expect(trajectory.masked).toBe(true);
    expect([...trajectory.masks.subarray(0, 6)]).toEqual([1, 1, 0, 1, 1, 1]);
  });

  it('is full at its capacity, and refuses more without taking any of it', () => {
    for (let i = 0; i < 6; i++) push({ seen: i, leadsTo: i + 1, steps: 3 });
    expect(() => push({ seen: 6, leadsTo: 7 })).toThrow(
      new RangeError('Trajectory: expected at most 6 decisions, got one more'),
    );
    expect(trajectory).toMatchObject({ count: 6, total: 18 });
    expect(bootstraps()).toEqual([[5, 6]]);
  });

  it('cleared, is as new', () => {
    push(
      { seen: 1, leadsTo: 2, mask: [0, 1], truncated: true, final: 9, steps: 3 },
      { seen: 2, leadsTo: 3 },
    );
    trajectory.bootstrap.fill(7);
    trajectory.clear();
    expect(trajectory).toMatchObject({ count: 0, total: 0, masked: false });
    expect(bootstraps()).toEqual([]);
    push({ seen: 5, leadsTo: 6, terminated: true }, { seen: 6, leadsTo: 7 });
    expect([...trajectory.offset.subarray(0, 2)]).toEqual([0, 1]);
    expect([...trajectory.next.subarray(0, 2)]).toEqual([1, -1]);
    expect([...trajectory.bootstrap.subarray(0, 2)]).toEqual([0, 0]);
    expect([...trajectory.masks.subarray(0, 4)]).toEqual([1, 1, 1, 1]);
    expect(bootstraps()).toEqual([[1, 7]]);
  });
});

/** The memory of a trajectory's arrays. */
function bytesOf(trajectory: Trajectory): number {
  const arrays = Object.values(trajectory).filter((value) => ArrayBuffer.isView(value));
  expect(arrays.length).toBeGreaterThan(10);
  const buffers = [...new Set(arrays.map(({ buffer }) => buffer))];
  return buffers.reduce((sum, { byteLength }) => sum + byteLength, trajectory.observationBytes);
}

describe('a Trajectory of bytes', () => {
  const [capacity, size] = [64, 84 * 84 * 4];
  const make = () =>
    new Trajectory({ ...sizes, capacity, maxSteps: 16, observationSize: size, bytes: true });
  const seen = (row: Uint8Array | Float32Array): Transition => {
    const { decision, ...rest } = transition({ seen: 1, leadsTo: 2 });
    return {
      ...rest,
      next: { env: 0, row },
      decision: { ...decision, observation: { env: 0, row } },
    };
  };

  it('takes at most 1.2 times the bytes of its observations', () => {
    const bytes = bytesOf(make());
    expect(bytes).toBeGreaterThanOrEqual(capacity * size);
    expect(bytes).toBeLessThan(1.2 * capacity * size);
  });

  it('keeps them as they are', () => {
    const row = Uint8Array.from({ length: size }, (_, i) => i % 256);
    const trajectory = make();
    trajectory.push(seen(row.map((x) => 255 - x)));
    trajectory.push(seen(row));
    expect(trajectory.rows.subarray(size, 2 * size)).toEqual(row);
    expect(trajectory.tensors().rows).toEqual({
      shape: [2, size],
      data: Float32Array.from([...row.map((x) => 255 - x), ...row]),
    });
  });

  it('refuses floats', () => {
    expect(() => make().push(seen(new Float32Array(size)))).toThrow(
      'Trajectory: expected observations in bytes (Uint8Array), got Float32Array',
    );
  });
});

describe.each<['reset' | 'zero', Space]>([
  ['reset', new Box({ shape: [3, 2], low: -9, high: 9 })],
  ['zero', new Box({ shape: [50], low: 0, high: 255, dtype: 'uint8' })],
  [
    'reset',
    new Dict([
      ['b', new Discrete(3)],
      ['a', new Tuple([new MultiBinary([2]), new Text({ maxLength: 2 })])],
    ]),
  ],
])('a Trajectory of stacked frames, padded by %s', (padding, space) => {
  const [envs, count, capacity] = [3, 4, 60];
  const rng = Rng.seed(3);
  /** Episodes of chance lengths; an observation may be the one before again. */
  const walk = (): Env<unknown, number> => {
    let obs = space.sample(rng);
    const next = () => {
      if (rng.float() < 0.8) obs = space.sample(rng);
      return { obs, info: {} };
    };
    const step = () => ({ ...next(), reward: 0, terminated: rng.float() < 0.1, truncated: false });
    return { observationSpace: space, actionSpace: new Discrete(2), reset: next, step };
  };
  const stacks = Array.from({ length: envs }, () => frameStack(walk(), { count, padding }));
  const { observationSpace } = stacks[0];
  const bytes = isBytes(observationSpace);
  const rowOf = (obs: unknown) => {
    const row = bytes
      ? new Uint8Array(observationSpace.size)
      : new Float32Array(observationSpace.size);
    observationSpace.write(obs, row);
    return row;
  };
  const all = { ...sizes, capacity, observationSize: observationSpace.size, bytes, envs };

  it('gives the rows that it was given', async () => {
    const whole = new Trajectory(all);
    const framed = new Trajectory({ ...all, frames: framesOf(observationSpace) });
    for (let rollout = 0; rollout < 3; rollout++) {
      const begun = await Promise.all(stacks.map((env) => env.reset()));
      const rows = begun.map(({ obs }) => rowOf(obs));
      for (let t = 0; t < capacity; t++) {
        // In no order, as environments answer.
        const env = rng.int(envs);
        const { terminated, obs } = await stacks[env].step(0);
        const after = terminated ? (await stacks[env].reset()).obs : obs;
        const base = transition({ env, seen: 1, leadsTo: 2, terminated });
        const observation = { env, row: rows[env] };
        rows[env] = rowOf(after);
        const decision = { ...base.decision, observation };
        for (const trajectory of [whole, framed]) {
          trajectory.push({ ...base, decision, next: { env, row: rows[env] } });
        }
      }
      expect(framed.rows).toEqual(whole.rows);
      expect(framed.tensors()).toEqual(whole.tensors());
      const chosen = Int32Array.of(capacity - 1, 0, 7, 7);
      expect(framed.rowsAt(chosen)).toEqual(whole.rowsAt(chosen));
      expect(framed.observationBytes).toBeLessThan(whole.observationBytes);
      for (const trajectory of [whole, framed]) trajectory.clear();
    }
  });
});

it('a Trajectory of four stacked pictures takes at most 1.2 times the bytes of its frames', () => {
  const [envs, count, capacity, size] = [8, 4, 264, 84 * 84];
  const frames = { count, sizes: [size] };
  const trajectory = new Trajectory({
    ...{
      ...sizes,
      envs,
      capacity,
      maxSteps: 4,
      observationSize: count * size,
      bytes: true,
      frames,
    },
  });
  const frame = (t: number) => new Uint8Array(size).fill(t);
  for (let t = 0; t < capacity; t++) {
    const env = t % envs;
    const row = new Uint8Array(count * size);
    // An episode of 20 decisions begins with its first frame again and again.
    const began = t - envs * (Math.floor(t / envs) % 20);
    for (let j = 0; j < count; j++)
      row.set(frame(Math.max(began, t - envs * (count - 1 - j))), j * size);
    const { decision, ...rest } = transition({ env, seen: 1, leadsTo: 2 });
    trajectory.push({ ...rest, decision: { ...decision, observation: { env, row } } });
  }
  expect(bytesOf(trajectory)).toBeGreaterThan(capacity * size);
  expect(bytesOf(trajectory)).toBeLessThan(1.2 * capacity * size);
});
