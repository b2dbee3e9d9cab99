import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Rng } from '../../../src/kernels/index.ts';

const take = <T>(n: number, next: () => T): T[] => Array.from({ length: n }, next);

describe('Rng', () => {
  it('gives the same first numbers on every machine', () => {
    const rng = Rng.seed(0);
    expect(take(4, () => rng.uint32())).toEqual([351296116, 879281940, 3325346765, 1829763806]);
    const named = Rng.seed(42, 'env', 3);
    expect(take(4, () => named.uint32())).toEqual([2779394197, 4128102732, 2519782870, 2871113159]);
    expect(Rng.seed(1).float()).toBe(0.11180234375646858);
  });

  it('steps as sfc32 does', () => {
    const rng = Rng.fromState([1, 2, 3, 4]);
    expect(rng.uint32()).toBe(1 + 2 + 4);
    expect(rng.state()).toEqual([2 ^ (2 >>> 9), 3 + (3 << 3), (3 << 21) + 7, 5]);
  });

  it('continues exactly from a state', () => {
    fc.assert(
      fc.property(fc.nat(), fc.nat({ max: 50 }), (seed, skipped) => {
        const rng = Rng.seed(seed);
        for (let i = 0; i < skipped; i++) rng.uint32();
        const state = JSON.parse(JSON.stringify(rng.state()));
        const expected = take(8, () => rng.normal());
        const other = Rng.seed(1);
        other.restore(state);
        const copy = Rng.fromState(state);
        expect(take(8, () => copy.normal())).toEqual(expected);
        expect(take(8, () => other.normal())).toEqual(expected);
      }),
    );
  });

  it('keeps streams apart by seed, label, type of label and order', () => {
    const first = (...args: Parameters<typeof Rng.seed>) => Rng.seed(...args).uint32();
    const firsts = [
      first(0),
      first(1),
      first(2 ** 32),
      first(2 ** 53 - 1),
      first(0, 'a'),
      first(0, 'b'),
      first(0, 'a', 'b'),
      first(0, 'b', 'a'),
      first(0, 'ab'),
      first(0, 1),
      first(0, '1'),
    ];
    expect(new Set(firsts).size).toBe(firsts.length);
  });

  it('has uncorrelated streams under neighbouring labels', () => {
    const n = 20_000;
    const [a, b] = [Rng.seed(5, 'env', 0), Rng.seed(5, 'env', 1)];
    let product = 0;
    for (let i = 0; i < n; i++) product += (a.float() - 0.5) * (b.float() - 0.5);
    // The mean of n products has standard deviation (1/12)/√n.
    expect(Math.abs(product / n)).toBeLessThan((5 * (1 / 12)) / Math.sqrt(n));
  });

  it('is uniform: χ² of 64 bins, and of each of the 32 bits', () => {
    const rng = Rng.seed(11);
    const n = 64_000;
    const bins = new Array(64).fill(0);
    const bits = new Array(32).fill(0);
    for (let i = 0; i < n; i++) {
      bins[Math.floor(rng.float() * 64)]++;
      const word = rng.uint32();
      for (let bit = 0; bit < 32; bit++) bits[bit] += (word >>> bit) & 1;
    }
    const chi2 = bins.reduce((sum, count) => sum + (count - n / 64) ** 2 / (n / 64), 0);
    // 63 degrees of freedom: 1e-5 quantiles.
    expect(chi2).toBeGreaterThan(25);
    expect(chi2).toBeLessThan(123);
    for (const count of bits) expect(Math.abs(count - n / 2)).toBeLessThan(5 * Math.sqrt(n / 4));
  });

  it('draws integers without the bias of a plain remainder', () => {
    const rng = Rng.seed(3);
    // With x % n the lower third of this range would be drawn twice as often as the rest.
    const n = 3 * 2 ** 30;
    const draws = 30_000;
    let lower = 0;
    for (let i = 0; i < draws; i++) {
      const x = rng.int(n);
      expect(x).toBeLessThan(n);
      if (x < n / 3) lower++;
    }
    const deviation = Math.sqrt((draws * 2) / 9);
    expect(Math.abs(lower - draws / 3)).toBeLessThan(5 * deviation);
    expect(Rng.seed(0).int(1)).toBe(0);
    expect(Rng.seed(0).int(2 ** 32)).toBe(Rng.seed(0).uint32());
  });

  it('has normal and exponential draws with their moments', () => {
    const rng = Rng.seed(8);
    const n = 50_000;
    const mean = (xs: number[]) => xs.reduce((a, b) => a + b, 0) / xs.length;
    const normals = take(n, () => rng.normal());
    expect(Math.abs(mean(normals))).toBeLessThan(5 / Math.sqrt(n));
    expect(Math.abs(mean(normals.map((x) => x * x)) - 1)).toBeLessThan(5 * Math.sqrt(2 / n));
    expect(Math.abs(mean(normals.map((x) => x ** 4)) - 3)).toBeLessThan(5 * Math.sqrt(96 / n));
    const exponentials = take(n, () => rng.exponential());
    expect(Math.min(...exponentials)).toBeGreaterThanOrEqual(0);
    expect(Math.abs(mean(exponentials) - 1)).toBeLessThan(5 / Math.sqrt(n));
    const uniforms = take(1000, () => rng.uniform(-2, 3));
    expect(Math.min(...uniforms)).toBeGreaterThanOrEqual(-2);
    expect(Math.max(...uniforms)).toBeLessThan(3);
  });

  it('shuffles in place, all orders alike', () => {
    const rng = Rng.seed(9);
    const counts = new Map<string, number>();
    for (let i = 0; i < 6000; i++) {
      const array = [0, 1, 2];
      expect(rng.shuffle(array)).toBe(array);
      counts.set(array.join(''), (counts.get(array.join('')) ?? 0) + 1);
    }
    expect(counts.size).toBe(6);
    for (const count of counts.values()) {
      expect(Math.abs(count - 1000)).toBeLessThan(5 * Math.sqrt((6000 * 5) / 36));
    }
  });

  it.each([-1, 0.5, 2 ** 53, Number.NaN, Number.POSITIVE_INFINITY])(
    'refuses the seed %s',
    (seed) => {
      expect(() => Rng.seed(seed)).toThrow(`got ${seed}`);
    },
  );

  it.each([0, -1, 1.5, 2 ** 32 + 1, Number.NaN])('refuses int(%s)', (n) => {
    expect(() => Rng.seed(0).int(n)).toThrow(`got ${n}`);
  });
});
