import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { RewardScale } from '../../../src/agent/algorithms/reward-scale.ts';
import type { Transition } from '../../../src/rollout/index.ts';

function transition(env: number, reward: number, end?: 'terminated' | 'truncated'): Transition {
  return {
    env,
    reward,
    ticks: 1,
    terminated: end === 'terminated',
    truncated: end === 'truncated',
  } as Transition;
}

/** The scale of these returns. Statistics begin with 1e-4 of mean 0, variance 1, as Gymnasium's do. */
function scaleOf(returns: readonly number[]): number {
  let [count, mean, squares] = [1e-4, 0, 1e-4];
  for (const value of returns) {
    const delta = value - mean;
    count += 1;
    mean += delta / count;
    squares += delta * (value - mean);
  }
  return 1 / Math.sqrt(squares / count + 1e-8);
}

/** The return from each step to the end of its episode. */
function returnsOf(rewards: readonly number[], gamma: number): number[] {
  return rewards.map((_, t) => rewards.slice(t).reduceRight((g, reward) => reward + gamma * g, 0));
}

describe('RewardScale', () => {
  it('is 1 / √(variance + 1e-8) of the returns from each step to the end of its episode', () => {
    const scale = new RewardScale(1, 0.5);
    scale.observe([transition(0, 1)]);
    scale.observe([transition(0, 2)]);
    scale.observe([transition(0, 4, 'terminated')]); // 1 + 1 + 1, 2 + 2, 4
    expect(scale.factor).toBeCloseTo(scaleOf([3, 4, 4]), 10);
    scale.observe([transition(0, 3)]);
    expect(scale.factor).toBeCloseTo(scaleOf([3, 4, 4, 3]), 10);
    scale.observe([transition(0, 2)]); // 3 + 1, 2
    expect(scale.factor).toBeCloseTo(scaleOf([3, 4, 4, 4, 2]), 10);
  });

  it('is that of the returns, whatever the rewards, episodes and environments', () => {
    const episode = fc.array(fc.double({ min: -5, max: 5, noNaN: true }), {
      minLength: 1,
      maxLength: 20,
    });
    const episodes = fc.array(fc.array(episode, { minLength: 1, maxLength: 4 }), {
      minLength: 1,
      maxLength: 3,
    });
    fc.assert(
      fc.property(episodes, fc.double({ min: 0, max: 1, noNaN: true }), (envs, gamma) => {
        const scale = new RewardScale(envs.length, gamma);
        envs.forEach((own, env) => {
          for (const rewards of own) {
            rewards.forEach((reward, t) => {
              const last = t === rewards.length - 1;
              scale.observe([transition(env, reward, last ? 'terminated' : undefined)]);
            });
          }
        });
        const all = envs.flat();
        const expected = all.flat().some((reward) => reward !== 0)
          ? scaleOf(all.flatMap((rewards) => returnsOf(rewards, gamma)))
          : 1;
        expect(scale.factor / expected).toBeCloseTo(1, 3);
      }),
    );
  });

  it('is of the size of a single reward at the end, not of the share of steps that have one', () => {
    const scale = new RewardScale(1, 0.99);
    for (let t = 1; t <= 100; t++) {
      scale.observe([transition(0, t === 100 ? 1 : 0, t === 100 ? 'terminated' : undefined)]);
    }
    expect(scale.factor).toBeGreaterThan(4);
    expect(scale.factor).toBeLessThan(7); // 10 with the rewards before each step
  });

  it('begins anew after a truncation as after a termination, and drops a lost episode', () => {
    const scale = new RewardScale(1, 0.5);
    scale.observe([transition(0, 4, 'truncated')]);
    scale.observe([transition(0, 1)]);
    scale.observe([{ ...transition(0, 9), lost: 'gone' }]);
    scale.observe([transition(0, 2)]);
    expect(scale.factor).toBeCloseTo(scaleOf([4, 2]), 10);
  });

  it('keeps the environments apart', () => {
    const scale = new RewardScale(2, 0.5);
    scale.observe([transition(0, 2), transition(1, 10)]);
    scale.observe([transition(1, 4), transition(0, 2)]); // 12, 4; 3, 2
    expect(scale.factor).toBeCloseTo(scaleOf([12, 4, 3, 2]), 10);
  });

  it('is 1 while nothing was rewarded, however long, and follows returns from the first reward on', () => {
    const scale = new RewardScale(1, 0.9);
    for (let i = 0; i < 1000; i++) scale.observe([transition(0, 0)]);
    expect(scale.factor).toBe(1);
    const again = new RewardScale(1, 0.9);
    again.restore(JSON.parse(JSON.stringify(scale.state())));
    expect(again.factor).toBe(1);
    again.observe([transition(0, 2, 'terminated')]);
    const returns = returnsOf([...new Array(1000).fill(0), 2], 0.9);
    expect(again.factor).toBeCloseTo(scaleOf(returns), 6);
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

  it('goes on from a checkpoint of 0.1, with its statistics and no episode under way', () => {
    const stats = { count: 4.0001, mean: [2], variance: [9] };
    const old = { stats, returns: [5] };
    const scale = new RewardScale(1, 0.9);
    scale.restore(old);
    expect(scale.factor).toBeCloseTo(1 / Math.sqrt(9 + 1e-8), 12);
    scale.observe([transition(0, 2, 'terminated')]);
    expect(scale.factor).toBeGreaterThan(1 / 3);
  });
});
