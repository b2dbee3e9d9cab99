import { describe, expect, it } from 'vitest';
import { NOWHERE, Replay } from '../../../../src/agent/algorithms/gumbel/replay.ts';
import { unrollsOf } from '../../../../src/agent/algorithms/gumbel/unrolls.ts';
import { Rng } from '../../../../src/kernels/index.ts';
import { Trajectory } from '../../../../src/rollout/index.ts';

const FACTORS = { rewardScale: 2, noveltyFactor: 0 };

/** Decisions whose numbers begin with `first`: environment 0 has 0, 2, 3 (the end), 5; environment 1 has 1 (cut off), 4. After 2 it is the other's turn. */
function rollout(first: number): Trajectory {
  const sizes = { capacity: 6, maxSteps: 1, envs: 2, observationSize: 1, actionSize: 1 };
  const trajectory = new Trajectory({ ...sizes, maskSize: 2, improvedSize: 2 });
  const push = (env: number, at: number, ended: object = {}) => {
    const t = first + at;
    const row = Float32Array.of(-t);
    trajectory.push({
      ...{ env, reward: t, ticks: 1, terminated: false, truncated: false, final: row },
      ...{ next: { env, row }, turned: at === 2, ...ended },
      decision: {
        observation: { env, row, mask: Uint8Array.of(1, 0) },
        ...{ action: Float32Array.of(10 + t), choice: 0, logProb: 0, ponderSteps: 1 },
        ...{ halts: new Float32Array(1), values: new Float32Array(1), forced: false },
        improved: Float32Array.of(t, -t),
      },
    });
  };
  push(0, 0);
  push(1, 1, { truncated: true });
  push(0, 2);
  push(0, 3, { terminated: true });
  push(1, 4);
  push(0, 5);
  return trajectory;
}

/** A replay of rollouts with returns of a tenth of their numbers, as they are learned. */
function replayOf(capacity: number, ...firsts: number[]): Replay {
  const replay = new Replay(capacity);
  for (const first of firsts) {
    const returns = Float32Array.from({ length: 6 }, (_, t) => (first + t) / 10);
    replay.push(rollout(first), returns, FACTORS);
  }
  return replay;
}

const all = (replay: Replay) => Int32Array.from({ length: replay.count }, (_, place) => place);
const rounded = (data: ArrayLike<number>) => Array.from(data, (x) => Math.round(x * 1e6) / 1e6 + 0);

describe('the replay', () => {
  it('keeps the latest decisions, and all of the latest rollout', () => {
    expect([...replayOf(9, 0, 100, 200).rows('rewards', all(replayOf(9, 0, 100, 200)))]).toEqual([
      103, 104, 105, 200, 201, 202, 203, 204, 205,
    ]);
    expect(replayOf(100, 0, 100).count).toBe(12);
    expect(replayOf(1, 0, 100).rows('rewards', Int32Array.of(0, 5))).toEqual(
      Float32Array.of(100, 105),
    );
  });

  it('finds what follows a decision, also after older ones have gone', () => {
    const after = [2, NOWHERE, 3, NOWHERE, NOWHERE, NOWHERE];
    const kept = replayOf(9, 0, 100);
    expect([...kept.after(all(kept))]).toEqual([
      ...[NOWHERE, NOWHERE, NOWHERE],
      ...after.map((t) => (t === NOWHERE ? NOWHERE : t + 3)),
    ]);
    expect([...kept.after(Int32Array.of(NOWHERE))]).toEqual([NOWHERE]);
  });

  it('has rewards and returns in the unit of the raw reward, since the unit of learning changes', () => {
    const replay = replayOf(9, 0);
    expect(rounded(replay.returns)).toEqual([0, 0.05, 0.1, 0.15, 0.2, 0.25]);
    expect([...replay.rows('rewards', all(replay))]).toEqual([0, 1, 2, 3, 4, 5]);
    expect([...replay.rows('observations', Int32Array.of(5, NOWHERE))]).toEqual([-5, 0]);
    expect([...replay.rows('masks', Int32Array.of(5, NOWHERE))]).toEqual([1, 0, 0, 0]);
  });

  it('shows decisions as a symmetry has them', () => {
    const symmetries = [
      { observation: [0], actions: [0, 1] },
      { observation: [0], actions: [1, 0] },
    ];
    const replay = new Replay(9, symmetries);
    const trajectory = rollout(-10);
    replay.push(trajectory, new Float32Array(6), FACTORS);
    const [places, view] = [Int32Array.of(1, 1, NOWHERE, 1), Int32Array.of(0, 1)];
    expect([...replay.rows('improved', places, view)]).toEqual([-9, 9, 9, -9, 0, 0, 9, -9]);
    expect([...replay.rows('masks', places, view)]).toEqual([1, 0, 0, 1, 0, 0, 0, 1]);
    expect([...replay.rows('actions', places, view)]).toEqual([1, 0, 0, 0]);
    expect(new Set(replay.drawView(20, Rng.seed(1)))).toEqual(new Set([0, 1]));
    expect(new Replay(9).drawView(20, Rng.seed(1))).toBeUndefined();
  });

  it('goes on from its state, and from none', () => {
    const replay = replayOf(9, 0, 100);
    const state = replay.state();
    const restored = new Replay(9);
    restored.restore(state);
    for (const one of [replay, restored]) one.push(rollout(200), new Float32Array(6), FACTORS);
    expect(restored.state()).toEqual(replay.state());
    // What was kept has not changed.
    expect(state).toEqual(replayOf(9, 0, 100).state());
    restored.restore({});
    expect(restored.count).toBe(0);
  });
});

it('unrolls what came after decisions, and not beyond an end', () => {
  const unrolls = unrollsOf(replayOf(9, 0), Int32Array.of(0, 1, 3), undefined, 2, 2);
  const { length: _, ...arrays } = unrolls;
  expect(
    Object.fromEntries(Object.entries(arrays).map(([name, data]) => [name, rounded(data)])),
  ).toEqual({
    after: [2, NOWHERE, NOWHERE, 3, NOWHERE, NOWHERE],
    actions: [10, 11, 13, 12, 0, 0],
    taken: [1, 1, 1, 1, 0, 0],
    rewards: [0, 2, 6, 4, 0, 0],
    turns: [1, 1, 0, -1, 0, 0],
    followed: [1, 0, 0, 1, 0, 0],
    improved: [2, -2, 0, 0, 0, 0, 3, -3, 0, 0, 0, 0],
    returns: [0.2, 0, 0, 0.3, 0, 0],
  });
});
