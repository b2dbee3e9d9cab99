import * as tf from '@tensorflow/tfjs-core';
import fc from 'fast-check';
import { beforeAll, describe, expect, it } from 'vitest';
import { loadBackend } from '../../src/kernels/index.ts';
import { haltProbability, haltTerms, logHalt } from '../../src/policy/index.ts';
import { backends } from '../support/backends.ts';

beforeAll(() => loadBackend(backends('wasm')[0]));

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
