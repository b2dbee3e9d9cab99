import { describe, expect, it } from 'vitest';
import { expectationOf } from '../../../src/policy/halting/ponder/expectation.ts';
import { type DepthSettings, Mixture } from '../../../src/policy/halting/ponder/mixture.ts';
import { logPrior } from '../../../src/policy/halting/ponder/prior.ts';

/** The logit of a probability. */
const logit = (p: number) => Math.log(p / (1 - p));

/** Three depths, at which it halts with 1/2 and 1/4: p = 1/2, 1/8, 3/8. */
const halts = [1 / 2, 1 / 4, 0.9].map(logit);
const settings: DepthSettings = {
  ...{ minSteps: 1, maxSteps: 3, floor: 0, released: true, forced: 0 },
};

function mixtureOf(change: Partial<DepthSettings> = {}, logits = halts): Mixture {
  const mixture = new Mixture({ ...settings, ...change });
  mixture.read((index) => logits[index]);
  return mixture;
}

const close = (found: ArrayLike<number>, expected: readonly number[]) => {
  expect(found.length).toBe(expected.length);
  for (const [i, x] of expected.entries()) expect(found[i]).toBeCloseTo(x, 6);
};

describe('the distribution over depths', () => {
  it('halts with what is left, and takes the rest at maxSteps', () => {
    close(mixtureOf().own, [1 / 2, 1 / 8, 3 / 8]);
    close(mixtureOf().acted, [1 / 2, 1 / 8, 3 / 8]);
  });

  it('has no depth below minSteps', () => {
    close(mixtureOf({ minSteps: 2 }).own, [0, 1 / 4, 3 / 4]);
    close(mixtureOf({ minSteps: 3 }).own, [0, 0, 1]);
  });

  it('is acted with uniform depths for the share that is forced', () => {
    close(mixtureOf({ forced: 0.4 }).acted, [0.3 + 0.4 / 3, 0.075 + 0.4 / 3, 0.225 + 0.4 / 3]);
    close(mixtureOf({ forced: 0.4, minSteps: 2 }).acted, [0, 0.15 + 0.2, 0.45 + 0.2]);
  });

  it('is maxSteps alone before the head is released', () => {
    close(mixtureOf({ released: false }).own, [0, 0, 1]);
    close(mixtureOf({ released: false }).acted, [0, 0, 1]);
  });

  it('keeps halting in [floor, 1 − floor]', () => {
    close(mixtureOf({ floor: 0.1 }, [-1000, 1000, 0]).own, [0.1, 0.9 * 0.9, 0.9 * 0.1]);
  });

  it('has the slopes of its logarithms', () => {
    const change = { floor: 0.02 };
    const weights = [0.7, -1.3, 0.4];
    const sum = (logits: number[]) => {
      const { own } = mixtureOf(change, logits);
      return weights.reduce((all, w, n) => all + w * Math.log(own[n]), 0);
    };
    const slopes = new Float64Array(6);
    mixtureOf(change).addSlopes((n) => weights[n], slopes, 1, 2);
    for (let k = 0; k < 3; k++) {
      const [up, down] = [1e-5, -1e-5].map((by) =>
        sum(halts.map((x, i) => (i === k ? x + by : x))),
      );
      expect(slopes[1 + 2 * k]).toBeCloseTo((up - down) / 2e-5, 6);
      expect(slopes[2 * k]).toBe(0);
    }
  });
});

describe('the mixture of action distributions', () => {
  it('is Σ q_n π_n(a), and says at which depth that came about', () => {
    const mixture = mixtureOf();
    const probabilities = [0.2, 0.4, 0.8];
    const pi = 0.1 + 0.05 + 0.3;
    expect(mixture.mix((n) => Math.log(probabilities[n]))).toBeCloseTo(Math.log(pi), 12);
    close(mixture.share, [0.1 / pi, 0.05 / pi, 0.3 / pi]);
  });

  it('holds where every probability is too small for a number', () => {
    const mixture = mixtureOf();
    expect(mixture.mix((n) => -2000 - n)).toBeCloseTo(
      -2000 + Math.log(0.5 + Math.exp(-1) / 8 + (3 / 8) * Math.exp(-2)),
      9,
    );
    close([mixture.share.reduce((a, b) => a + b)], [1]);
  });
});

describe('the expectation over depths', () => {
  const thoughts = (count: number, actions: number[][]) => ({
    ...{ released: true, forced: 0, count, depths: 3 },
    logits: Float32Array.from(actions.flatMap(() => halts)),
    logProbs: Float64Array.from(actions.flat(), Math.log),
  });

  it('has what thinking costs, and how likely each depth was come to', () => {
    const { logProb, priced, reached, remaining, spread } = expectationOf(
      settings,
      thoughts(2, [
        [0.2, 0.4, 0.8],
        [0.5, 0.5, 0.5],
      ]),
    );
    close(logProb, [Math.log(0.45), Math.log(0.5)]);
    // 1/8 of one step and 3/8 of two.
    close(priced, [7 / 8, 7 / 8]);
    close([spread], [1 / 8 + (3 / 8) * 4 - (7 / 8) ** 2]);
    // An action as likely at every depth says nothing of the depth.
    close(reached, [1, 0.35 / 0.45, 0.3 / 0.45, 1, 1 / 2, 3 / 8]);
    // Of the half that goes on from depth 1, 3/4 go on from depth 2.
    close(remaining, [7 / 8, 3 / 4, 0, 7 / 8, 3 / 4, 0]);
  });

  it('counts no step up to minSteps', () => {
    const { priced, reached, remaining } = expectationOf(
      { ...settings, minSteps: 2 },
      thoughts(1, [[0.2, 0.4, 0.8]]),
    );
    close(priced, [3 / 4]);
    close(reached, [1, 1, 0.6 / 0.7]);
    close(remaining, [3 / 4, 3 / 4, 0]);
  });
});

describe('the prior', () => {
  it('geometric halts with the same chance after each step from minSteps on', () => {
    const prior = { prior: 'geometric', priorHalt: 0.4 } as const;
    const all = logPrior(prior, { minSteps: 2, maxSteps: 4 });
    close(all.map(Math.exp), [0, 0.4, 0.24, 0.36]);
    close(logPrior(prior, { minSteps: 2, maxSteps: 2 }).map(Math.exp), [0, 1]);
  });

  it('uniform has the same for each', () => {
    const all = logPrior({ prior: 'uniform', priorHalt: 0.4 }, { minSteps: 2, maxSteps: 4 });
    close(all.map(Math.exp), [0, 1 / 3, 1 / 3, 1 / 3]);
  });
});
