import { describe, expect, it } from 'vitest';
import { RewardScale } from '../../../src/agent/algorithms/reward-scale.ts';
import { suggestPrice } from '../../../src/agent/recipe/suggest-price.ts';
import type { Transition } from '../../../src/rollout/index.ts';

describe('a price that the config leaves out', () => {
  it('is a twentieth of the deviation, over the decisions that a return covers', () => {
    expect(suggestPrice({ deviation: 4, horizon: 10 })).toBeCloseTo(0.02, 12);
    expect(suggestPrice({ deviation: 0.4, horizon: 1 })).toBeCloseTo(0.02, 12);
  });

  it('is open until a reward has come, whose unit it then has', () => {
    const scale = new RewardScale(1, 0.99);
    const step = (reward: number) =>
      scale.observe([
        { env: 0, reward, terminated: true, truncated: false, ticks: 1 } as Transition,
      ]);
    step(0);
    expect(scale.deviation).toBe(0);
    for (let i = 0; i < 50; i++) step(i % 2 ? 100 : -100);
    expect(scale.deviation).toBeGreaterThan(95);
    expect(scale.deviation).toBeLessThan(105);
  });
});
