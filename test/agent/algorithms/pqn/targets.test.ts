import { describe, expect, it } from 'vitest';
import { targetsOf } from '../../../../src/agent/algorithms/pqn/targets.ts';
import { Trajectory } from '../../../../src/rollout/index.ts';

interface Given {
  env?: number;
  /** V after each ponder step. */
  values: number[];
  reward?: number;
  bonus?: number;
  ticks?: number;
  turned?: boolean;
  terminated?: boolean;
  truncated?: boolean;
  /** Where nothing is recorded after it. */
  bootstrap?: number;
}

/** A trajectory of these decisions. */
function collected(...all: Given[]): Trajectory {
  const trajectory = new Trajectory({
    capacity: 8,
    maxSteps: 4,
    envs: 2,
    observationSize: 1,
    actionSize: 1,
    maskSize: 0,
  });
  const row = Float32Array.of(0);
  all.forEach(({ env = 0, values, reward = 0, bonus, ticks = 1, bootstrap = 0, ...ended }, t) => {
    trajectory.push({
      env,
      reward,
      bonus,
      ticks,
      terminated: ended.terminated ?? false,
      truncated: ended.truncated ?? false,
      turned: ended.turned,
      final: row,
      next: { env, row },
      decision: {
        observation: { env, row },
        action: row,
        choice: 0,
        logProb: 0,
        ponderSteps: values.length,
        halts: new Float32Array(values.length),
        values: Float32Array.from(values),
        forced: false,
      },
    });
    trajectory.bootstrap[t] = bootstrap;
  });
  return trajectory;
}

const OPTIONS = {
  gamma: 0.5,
  lambda: 0.5,
  lambdaThink: 0,
  price: 1,
  rewardScale: 1,
  noveltyFactor: 0,
  minSteps: 1,
};

const targets = (trajectory: Trajectory, options: Partial<typeof OPTIONS> = {}) => [
  ...targetsOf(trajectory, { ...OPTIONS, ...options }),
];

describe('targets', () => {
  const episode = () =>
    collected(
      { values: [7, 8], reward: 2 },
      { values: [4], reward: 6 },
      { values: [5, 6, 7], reward: 10, terminated: true },
    );

  it('are what one works out by hand', () => {
    // Returns from each micro-step on, thinking paid for and undiminished:
    //   decision 3:  10 at its end, 9 at step 2, 8 at step 1
    //   decision 2:  6 + .5·(.5·5 + .5·8) = 9.25
    //   decision 1:  2 + .5·(.5·4 + .5·9.25) = 5.3125
    // To think is worth the next value less the price.
    expect(targets(episode())).toEqual([7, 5.3125, 9.25, 5, 6, 10]);
  });

  it('discount what follows a decision by each tick that it took', () => {
    const rollout = collected(
      { values: [7], reward: 2, ticks: 2 },
      { values: [4], reward: 6, terminated: true, ticks: 3 },
    );
    // 2 + ¼·(.5·4 + .5·6)
    expect(targets(rollout)).toEqual([3.25, 6]);
  });

  it('are the negative of the other player’s, where it is the turn of that one', () => {
    const rollout = collected(
      { values: [7], reward: 2, turned: true },
      { values: [4], reward: 6, terminated: true },
    );
    // 2 − ½·(.5·4 + .5·6), by the half of a discount of ¼
    expect(targets(rollout, { gamma: 0.25 })).toEqual([-0.5, 6]);
  });

  it('of thinking are the whole return at lambdaThink 1, and a mixture in between', () => {
    expect(targets(episode(), { lambdaThink: 1 })).toEqual([4.3125, 5.3125, 9.25, 8, 9, 10]);
    // −1 + (7 + 10) / 2, then −1 + (6 + 7.5) / 2
    const half = targets(episode(), { lambdaThink: 0.5 });
    expect(half.slice(3)).toEqual([-1 + (6 + 9) / 2, -1 + (7 + 10) / 2, 10]);
  });

  it('charge nothing for the steps that are always taken', () => {
    expect(targets(episode(), { minSteps: 2 }).slice(3)).toEqual([6, 6, 10]);
    expect(targets(episode(), { minSteps: 3 }).slice(3)).toEqual([6, 7, 10]);
  });

  it('are in the unit that rewards and price are scaled to', () => {
    const scaled = targets(collected({ values: [3, 3], reward: 8, terminated: true }), {
      rewardScale: 0.25,
    });
    expect(scaled).toEqual([-0.25 + 3, 2]);
  });

  it('hold the bonus of exploration beside the scaled reward', () => {
    const rollout = collected({ values: [3], reward: 8, bonus: 0.5, terminated: true });
    expect(targets(rollout, { rewardScale: 0.25, noveltyFactor: 4 })).toEqual([8 * 0.25 + 0.5 * 4]);
  });

  it('end with a terminated episode, and go on from a truncated one and the rollout’s end', () => {
    const rollout = collected(
      { values: [1], reward: 1, terminated: true, bootstrap: 100 },
      { values: [1], reward: 2, truncated: true, bootstrap: 100 },
      { values: [1], reward: 3, bootstrap: 100 },
    );
    expect(targets(rollout)).toEqual([1, 52, 53]);
  });

  it('follow an environment’s own decisions', () => {
    const rollout = collected(
      { env: 0, values: [0], reward: 1 },
      { env: 1, values: [0], reward: 100 },
      { env: 0, values: [2], reward: 4, terminated: true },
      { env: 1, values: [20], reward: 400, terminated: true },
    );
    expect(targets(rollout)).toEqual([1 + 0.5 * 3, 100 + 0.5 * 210, 4, 400]);
  });
});
