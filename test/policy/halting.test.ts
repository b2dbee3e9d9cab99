import * as tf from '@tensorflow/tfjs-core';
import fc from 'fast-check';
import { beforeAll, describe, expect, it } from 'vitest';
import { loadBackend, Rng } from '../../src/kernels/index.ts';
import {
  bernoulli,
  converge,
  fixed,
  type HaltStep,
  haltProbability,
  haltTerms,
  logHalt,
  random,
} from '../../src/policy/index.ts';
import { backends } from '../backends.ts';

beforeAll(() => loadBackend(backends('wasm')[0]));

const rng = () => Rng.seed(1);
const after = (step: Partial<HaltStep>): HaltStep => ({
  n: 2,
  halt: 0.5,
  halted: 0.5,
  change: 1,
  ...step,
});

describe('the halting probability', () => {
  const logits = [-100, -8, -1, 0, 0.5, 3, 9, 100];

  it.each([0, 0.02, 0.2])('acting and learning agree at floor %d', (floor) => {
    const { act, think } = tf.tidy(() => logHalt(tf.tensor1d(logits), floor));
    const found = { act: act.dataSync(), think: think.dataSync() };
    logits.forEach((logit, i) => {
      const halt = haltProbability(logit, floor);
      expect(Math.exp(found.act[i])).toBeCloseTo(halt, 6);
      expect(Math.exp(found.think[i])).toBeCloseTo(1 - halt, 6);
    });
  });

  it.each([0, 0.02, 0.2])('has the terms and slopes of its logarithms at floor %d', (floor) => {
    const log = (which: 'act' | 'think') => (x: tf.Tensor) => logHalt(x, floor)[which];
    const at = tf.tensor1d(logits);
    for (const which of ['act', 'think'] as const) {
      const values = tf.tidy(() => log(which)(at)).dataSync();
      const slopes = tf.tidy(() => tf.grad((x) => tf.sum(log(which)(x)))(at)).dataSync();
      logits.forEach((logit, i) => {
        const terms = haltTerms(logit, floor);
        expect(terms.halt).toBe(haltProbability(logit, floor));
        expect(terms[which]).toBeCloseTo(values[i], 4);
        expect(terms[`${which}Slope`]).toBeCloseTo(slopes[i], 5);
      });
    }
  });

  it('stays in [floor, 1 − floor] and rises with the logit', () => {
    fc.assert(
      fc.property(
        fc.double({ noNaN: true }),
        fc.double({ noNaN: true }),
        fc.double({ min: 0, max: 0.2, noNaN: true }),
        (a, b, floor) => {
          const [low, high] = [Math.min(a, b), Math.max(a, b)].map((x) =>
            haltProbability(x, floor),
          );
          expect(low).toBeGreaterThanOrEqual(floor);
          expect(high).toBeLessThanOrEqual(1 - floor + 1e-15);
          expect(low).toBeLessThanOrEqual(high);
        },
      ),
    );
    expect(haltProbability(0, 0.1)).toBe(0.5);
  });

  it('has a gradient at a saturated head, which a clip would not have', () => {
    for (const which of ['act', 'think'] as const) {
      const gradient = tf.grad((x) => tf.sum(logHalt(x, 0.02)[which]))(tf.tensor1d([-6, 6]));
      const data = gradient.dataSync();
      expect(data.every((g) => Number.isFinite(g) && Math.abs(g) > 1e-3)).toBe(true);
    }
  });

  it('learns without a floor too, behind other operations', () => {
    const gradient = tf.grad((x) => {
      const { act, think } = logHalt(tf.mul(x, 2), 0);
      return tf.sum(tf.add(act, think));
    })(tf.tensor1d([0, 1]));
    // d/dx ln σ(2x) + ln σ(−2x) = 2(1 − 2σ(2x))
    const [a, b] = gradient.dataSync();
    expect(a).toBeCloseTo(0, 6);
    expect(b).toBeCloseTo(2 - 4 / (1 + Math.exp(-2)), 6);
  });
});

describe('rules', () => {
  it('sample halts as often as halt says', () => {
    const rule = bernoulli('sample');
    const stream = rng();
    let halted = 0;
    for (let i = 0; i < 4000; i++) halted += rule.halts(after({ halt: 0.3 }), stream) ? 1 : 0;
    expect(Math.abs(halted / 4000 - 0.3)).toBeLessThan(4 * Math.sqrt(0.21 / 4000));
  });

  it.each([
    ['threshold', 0.5, { halt: 0.49, halted: 0.9 }, false],
    ['threshold', 0.5, { halt: 0.5, halted: 0 }, true],
    ['threshold', 0.9, { halt: 0.8, halted: 1 }, false],
    ['cdf', 0.5, { halt: 0.9, halted: 0.49 }, false],
    ['cdf', 0.5, { halt: 0, halted: 0.5 }, true],
    ['cdf', 0.9, { halt: 1, halted: 0.8 }, false],
  ] as const)('%s at %d after %o: %s', (exit, quantile, step, halts) => {
    expect(bernoulli(exit, quantile).halts(after(step), rng())).toBe(halts);
  });

  it('converge halts below its tolerance, and asks for the change', () => {
    const rule = converge(0.01);
    expect(rule.readsChange).toBe(true);
    expect(rule.halts(after({ change: Infinity }), rng())).toBe(false);
    expect(rule.halts(after({ change: 0.01 }), rng())).toBe(false);
    expect(rule.halts(after({ change: 0.009 }), rng())).toBe(true);
  });

  it('fixed knows its depth', () => {
    expect(fixed(3).depth!(rng())).toBe(3);
  });

  it('random draws depths as often as the histogram has them', () => {
    const rule = random([10, 0, 30, 60]);
    const stream = rng();
    const counts = [0, 0, 0, 0];
    for (let i = 0; i < 4000; i++) counts[rule.depth!(stream) - 1]++;
    [0.1, 0, 0.3, 0.6].forEach((p, i) => {
      expect(Math.abs(counts[i] / 4000 - p)).toBeLessThanOrEqual(
        4 * Math.sqrt((p * (1 - p)) / 4000),
      );
    });
  });

  it.each([[[]], [[0, 0]], [[Number.NaN]]])('random refuses the histogram %o', (histogram) => {
    expect(() => random(histogram)).toThrow('random halting: expected a histogram');
  });
});
