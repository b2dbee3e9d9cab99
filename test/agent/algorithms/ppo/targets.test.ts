import { describe, expect, it } from 'vitest';
import { computeTargets } from '../../../../src/agent/algorithms/ppo/targets.ts';
import { Trajectory } from '../../../../src/rollout/index.ts';
import { tinyConfig } from '../../../support/tiny-config.ts';

/** Decisions of one ponder step, each an episode, of value 0. */
function rewarded(rewards: number[]): Trajectory {
  const row = new Float32Array(1);
  const sizes = { maxSteps: 1, envs: 1, observationSize: 1, actionSize: 1, maskSize: 0 };
  const trajectory = new Trajectory({ capacity: rewards.length, ...sizes });
  for (const reward of rewards) {
    const decision = {
      ...{ observation: { env: 0, row }, action: row, choice: 0, logProb: 0, ponderSteps: 1 },
      ...{ halts: Float32Array.of(1), values: Float32Array.of(0), forced: false },
    };
    const ended = { terminated: true, truncated: false, final: row };
    trajectory.push({ env: 0, decision, reward, ticks: 1, ...ended, next: { env: 0, row } });
  }
  return trajectory;
}

function scaled(rewards: number[], returnDeviation: number): number[] {
  const phase = { released: true, price: 0, rewardScale: 1, learningRate: 0, entropy: 0 };
  const config = tinyConfig({});
  const targets = computeTargets(rewarded(rewards), config, { ...phase, returnDeviation });
  return Array.from(targets.actAdvantages);
}

describe('the scale of the advantages of actions', () => {
  it('is their own deviation where actions make a difference', () => {
    // Mean 0, deviation 2; 0.3 of the returns' deviation is less.
    expect(scaled([2, -2, 2, -2], 4)).toEqual([1, -1, 1, -1]);
  });

  it('is a share of the deviation of returns where they make next to none', () => {
    const [first, second] = scaled([0.03, -0.03], 2);
    expect(first).toBeCloseTo(0.03 / 0.6, 6);
    expect(second).toBeCloseTo(-0.03 / 0.6, 6);
  });

  it('is that share of 1 before the first reward', () => {
    expect(scaled([0, 0], 0)).toEqual([0, 0]);
    expect(scaled([0.03, -0.03], 0)[0]).toBeCloseTo(0.03 / 0.3, 6);
  });
});
