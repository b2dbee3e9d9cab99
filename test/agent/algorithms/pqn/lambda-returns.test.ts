import { describe, expect, it } from 'vitest';
import { lambdaReturns } from '../../../../src/agent/algorithms/pqn/lambda-returns.ts';
import { Rng } from '../../../../src/kernels/index.ts';

const row = (...values: number[]) => Float32Array.from(values);

describe('lambdaReturns', () => {
  it('is what one works out by hand', () => {
    const returns = lambdaReturns({
      reward: row(1, 2, 4),
      discount: row(0.5, 0.5, 0),
      trace: row(0.5, 0.25, 1),
      nextValue: row(10, 20, 99),
      next: Int32Array.of(1, 2, -1),
    });
    // 4; 2 + .5·(.75·20 + .25·4) = 10; 1 + .5·(.5·10 + .5·10) = 6
    expect([...returns]).toEqual([6, 10, 4]);
  });

  it('follows each edge to the one that it leads to', () => {
    const returns = lambdaReturns({
      reward: row(1, 10, 2, 20),
      discount: row(1, 1, 1, 1),
      trace: row(1, 1, 0, 0),
      nextValue: row(0, 0, 100, 200),
      next: Int32Array.of(2, 3, -1, -1),
    });
    expect([...returns]).toEqual([103, 230, 102, 220]);
  });

  it('is one step at trace 0, and the discounted sum of rewards at 1', () => {
    const rng = Rng.seed(2);
    const numbers = () => Float32Array.from({ length: 5 }, () => rng.normal());
    const [reward, nextValue] = [numbers(), numbers()];
    const given = {
      reward,
      nextValue,
      discount: row(0.9, 0.9, 0.9, 0.9, 0.9),
      next: Int32Array.of(1, 2, 3, 4, -1),
    };
    const one = lambdaReturns({ ...given, trace: new Float32Array(5) });
    one.forEach((found, i) => {
      expect(found).toBeCloseTo(reward[i] + 0.9 * nextValue[i], 5);
    });
    const all = lambdaReturns({ ...given, trace: row(1, 1, 1, 1, 0) });
    const sum = reward.reduce((total, r, i) => total + 0.9 ** i * r, 0.9 ** 5 * nextValue[4]);
    expect(all[0]).toBeCloseTo(sum, 5);
  });

  it('of nothing is nothing', () => {
    const none = row();
    const next = new Int32Array(0);
    const edges = { reward: none, discount: none, trace: none, nextValue: none, next };
    expect(lambdaReturns(edges)).toHaveLength(0);
  });
});
