import { describe, expect, it } from 'vitest';
import { computeTargets } from '../../../../src/agent/algorithms/ppo/targets.ts';
import { Trajectory } from '../../../../src/rollout/index.ts';
import { tinyConfig } from '../../../support/tiny-config.ts';

const PHASE = { released: true, price: 0, learningRate: 0, entropy: 0 };

/** How one decision goes on: 1 for a terminated episode, 0 for one that goes on. */
type Ends = (0 | 1)[];

/** Decisions of one ponder step after which the value is `values[t]`; without `ends`, each terminates its episode. */
function rewarded(
  rewards: number[],
  ends: Ends,
  values: number[],
  bonuses: number[] = [],
): Trajectory {
  const row = new Float32Array(1);
  const sizes = { maxSteps: 1, envs: 1, observationSize: 1, actionSize: 1, maskSize: 0 };
  const trajectory = new Trajectory({ capacity: rewards.length, ...sizes });
  rewards.forEach((reward, t) => {
    const decision = {
      ...{ observation: { env: 0, row }, action: row, choice: 0, logProb: 0, ponderSteps: 1 },
      ...{ halts: Float32Array.of(1), values: Float32Array.of(values[t]), forced: false },
    };
    const ended = { terminated: ends[t] === 1, truncated: ends[t] === 0, final: row };
    trajectory.push({
      env: 0,
      decision,
      reward,
      bonus: bonuses[t],
      ticks: 1,
      ...ended,
      next: { env: 0, row },
    });
  });
  return trajectory;
}

/** The scaled advantages of actions where returns have this deviation, and the values after truncated episodes are 0. */
function scaled(
  rewards: number[],
  returnDeviation: number,
  ends: Ends = rewards.map(() => 1),
  values = rewards.map(() => 0),
): number[] {
  const phase = { ...PHASE, rewardScale: 1, noveltyFactor: 0 };
  const trajectory = rewarded(rewards, ends, values);
  const targets = computeTargets(trajectory, tinyConfig({}), { ...phase, returnDeviation });
  return Array.from(targets.actAdvantages);
}

function close(found: number[], expected: number[]): void {
  expect(found).toHaveLength(expected.length);
  found.forEach((value, i) => {
    expect(value).toBeCloseTo(expected[i], 5);
  });
}

describe('the scale of the advantages of actions', () => {
  it('is their own deviation where rewards differ, however little beside that of returns', () => {
    close(scaled([2, -2, 2, -2], 4), [1, -1, 1, -1]);
    close(scaled([0.03, -0.03], 2), [1, -1]);
  });

  // The advantages are reward − value: 0.03 and −0.03 about their mean.
  const errors = [-0.03, 0.03];

  it('is the deviation of returns where no reward was found', () => {
    close(scaled([0, 0], 2, [0, 0], errors), [0.015, -0.015]);
    close(scaled([0, 0], 2, [1, 1], errors), [0.015, -0.015]);
  });

  it('is that too where each reward is the same and no episode terminates', () => {
    close(scaled([1, 1], 2, [0, 0], errors), [0.015, -0.015]);
    // To lose the rewards that would have followed is a difference.
    close(scaled([1, 1], 2, [0, 1], errors), [1, -1]);
  });

  it('is their own deviation where bonuses for what is new differ', () => {
    const trajectory = rewarded([0, 0], [0, 0], [0, 0], [0.02, 0.01]);
    const phase = { ...PHASE, rewardScale: 1, noveltyFactor: 1, returnDeviation: 2 };
    close(Array.from(computeTargets(trajectory, tinyConfig({}), phase).actAdvantages), [1, -1]);
  });

  it('is 1 before the first reward', () => {
    expect(scaled([0, 0], 0)).toEqual([0, 0]);
    close(scaled([0, 0], 0, [0, 0], errors), [0.03, -0.03]);
  });
});

it('advantages hold the bonus of exploration beside the scaled reward', () => {
  const trajectory = rewarded([2, 6], [1, 1], [0, 0], [0.25, 0.5]);
  const phase = { ...PHASE, rewardScale: 0.5, noveltyFactor: 4, returnDeviation: 0 };
  const { advantages } = computeTargets(trajectory, tinyConfig({}), phase);
  expect(Array.from(advantages)).toEqual([2 * 0.5 + 0.25 * 4, 6 * 0.5 + 0.5 * 4]);
});
