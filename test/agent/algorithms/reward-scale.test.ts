import { describe, expect, it } from 'vitest';
import { RewardScale } from '../../../src/agent/algorithms/reward-scale.ts';
import type { Transition } from '../../../src/rollout/index.ts';

function transition(env: number, reward: number, end?: 'terminated' | 'truncated'): Transition {
  return {
    env,
    reward,
    terminated: end === 'terminated',
    truncated: end === 'truncated',
  } as Transition;
}

/** Variance of Gymnasium's RunningMeanStd after `values`: it begins with 1e-4 of mean 0, variance 1. */
function runningVariance(values: readonly number[]): number {
  let [count, mean, squares] = [1e-4, 0, 1e-4];
  for (const value of values) {
    const delta = value - mean;
    count += 1;
    mean += delta / count;
    squares += delta * (value - mean);
  }
  return squares / count;
}

describe('RewardScale', () => {
  it('is 1 / √(variance of G + 1e-8), G = γ·G + r, which begins anew after an episode', () => {
    const scale = new RewardScale(1, 0.5);
    scale.observe([transition(0, 1)]); // G = 1
    scale.observe([transition(0, 2)]); // G = 0.5 + 2
    scale.observe([transition(0, 4, 'terminated')]); // G = 1.25 + 4
    scale.observe([transition(0, 3)]); // G = 3
    const variance = runningVariance([1, 2.5, 5.25, 3]);
    expect(scale.factor).toBeCloseTo(1 / Math.sqrt(variance + 1e-8), 10);
  });

  it('begins anew after a truncation as after a termination, and after a lost episode', () => {
    const scale = new RewardScale(1, 0.5);
    scale.observe([transition(0, 4, 'truncated')]); // G = 4
    scale.observe([transition(0, 1)]); // G = 1
    scale.observe([{ ...transition(0, 9), lost: 'gone' }]);
    scale.observe([transition(0, 2)]); // G = 2
    expect(scale.factor).toBeCloseTo(1 / Math.sqrt(runningVariance([4, 1, 2]) + 1e-8), 10);
  });

  it('keeps one return an environment', () => {
    const scale = new RewardScale(2, 0.5);
    scale.observe([transition(0, 2), transition(1, 10)]); // G = 2, 10
    scale.observe([transition(1, 0), transition(0, 0)]); // G = 5, 1
    expect(scale.factor).toBeCloseTo(1 / Math.sqrt(runningVariance([2, 10, 5, 1]) + 1e-8), 10);
  });

  it('is 1 while nothing was rewarded, however long, and follows returns from the first reward on', () => {
    const scale = new RewardScale(1, 0.9);
    const returns: number[] = [];
    for (let i = 0; i < 1000; i++) {
      scale.observe([transition(0, 0)]);
      returns.push(0);
    }
    expect(scale.factor).toBe(1);
    const again = new RewardScale(1, 0.9);
    again.restore(JSON.parse(JSON.stringify(scale.state())));
    expect(again.factor).toBe(1);
    again.observe([transition(0, 2, 'terminated')]);
    expect(again.factor).toBeCloseTo(1 / Math.sqrt(runningVariance([...returns, 2]) + 1e-8), 6);
    // As a checkpoint has it that does not say whether there was a reward.
    const { rewarded: _, ...older } = again.state();
    const resumed = new RewardScale(1, 0.9);
    resumed.restore(older);
    expect(resumed.factor).toBe(again.factor);
  });

  it('begins at 1 and goes on exactly from its state', () => {
    const scale = new RewardScale(1, 0.9);
    expect(scale.factor).toBeCloseTo(1, 6);
    scale.observe([transition(0, 3), transition(0, -1)]);
    const again = new RewardScale(1, 0.9);
    again.restore(JSON.parse(JSON.stringify(scale.state())));
    for (const each of [scale, again]) each.observe([transition(0, 2), transition(0, 5)]);
    expect(again.factor).toBe(scale.factor);
    expect(again.state()).toEqual(scale.state());
  });
});
