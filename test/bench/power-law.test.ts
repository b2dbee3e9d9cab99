import { describe, expect, it } from 'vitest';
import { fitPowerLaw, lossAt } from '../../bench/power-law.ts';
import { Rng } from '../../src/kernels/common/index.ts';

const law = { floor: 1.2, scale: 400, exponent: 0.25 };
const costs = [1e9, 3e9, 1e10, 3e10, 1e11, 3e11, 1e12];
const drawOf = (rng: Rng) => (n: number) => rng.int(n);

describe('a fitted power law', () => {
  it('is the one that made the points', () => {
    const points = costs.map((cost) => ({ cost, loss: lossAt(law, cost) }));
    const fitted = fitPowerLaw(points, drawOf(Rng.seed(1, 'test')));
    expect(fitted.exponent).toBeCloseTo(0.25, 1);
    expect(fitted.floor).toBeCloseTo(1.2, 1);
    expect(fitted.error).toBeLessThan(0.01);
  });

  it('has intervals that hold what made noisy points', () => {
    const rng = Rng.seed(2, 'test');
    const points = [...costs, ...costs, ...costs].map((cost) => ({
      cost,
      loss: lossAt(law, cost) + 0.01 * rng.normal(),
    }));
    const { exponents, floors, error } = fitPowerLaw(points, drawOf(rng));
    expect(exponents[0]).toBeLessThan(0.25);
    expect(exponents[1]).toBeGreaterThan(0.25);
    expect(exponents[1] - exponents[0]).toBeLessThan(0.05);
    expect(floors[0]).toBeLessThan(1.25);
    expect(floors[1]).toBeGreaterThan(1.15);
    expect(error).toBeLessThan(0.03);
  });
});
