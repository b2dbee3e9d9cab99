import { describe, expect, it } from 'vitest';
import type { ConfigInput } from '../../../src/agent/config/config.ts';
import { HaltingSchedule } from '../../../src/agent/recipe/halting-schedule.ts';
import type { PriceState } from '../../../src/agent/recipe/price.ts';
import { tinyConfig } from '../../support/tiny-config.ts';

function recipe(input: Partial<ConfigInput>): HaltingSchedule {
  return new HaltingSchedule(
    tinyConfig({ ...input, recipe: { minUpdates: 3, maxWarmup: 0.4, ...input.recipe } }),
  );
}

const UNTOLD = { depthGap: null, stepGain: null };

/** Updates of these returns until the release; its number (from 1) and reason. */
function release(own: HaltingSchedule, returns: readonly (number | null)[], progress = 0) {
  for (const [i, value] of returns.entries()) {
    const reason = own.update(value, 2, UNTOLD, progress);
    if (reason !== undefined) return { update: i + 1, reason };
  }
  return undefined;
}

describe('release', () => {
  it('comes with the smoothed return, not with one good rollout', () => {
    // 0, then .1, .19, .271, …: 1 − .9ⁿ reaches .5 at n = 7.
    const own = recipe({ recipe: { releaseReturn: 0.5 } });
    expect(release(own, [0, ...new Array(20).fill(1)])).toEqual({ update: 8, reason: 'return' });
    expect(own.released).toBe(true);
  });

  it('comes with a return that is exactly the one stated, after minUpdates', () => {
    const own = recipe({ recipe: { releaseReturn: 1 } });
    expect(release(own, new Array(9).fill(1))).toEqual({ update: 3, reason: 'return' });
  });

  it('comes with a plateau where no return is stated', () => {
    const own = recipe({ recipe: { plateauUpdates: 4 } });
    // The best is the third; four updates without a better one follow.
    const returns = [0, 1, 1, 0, 0, 0, 0, 0, 0];
    expect(release(own, returns)).toEqual({ update: 7, reason: 'plateau' });
  });

  it('does not take a plateau where a return is stated', () => {
    const own = recipe({ recipe: { plateauUpdates: 2, releaseReturn: 0.5 } });
    expect(release(own, new Array(50).fill(0))).toBeUndefined();
  });

  it('does not take rollouts in which no episode ended for a plateau', () => {
    const own = recipe({ recipe: { plateauUpdates: 2 } });
    expect(release(own, [1, ...new Array(50).fill(null)])).toBeUndefined();
  });

  it('comes at the deadline, competent or not', () => {
    const own = recipe({ recipe: { releaseReturn: 0.5 } });
    expect(release(own, [null, null], 0.39)).toBeUndefined();
    expect(release(own, [null], 0.4)).toEqual({ update: 1, reason: 'deadline' });
  });

  it('never comes for a fixed depth', () => {
    const own = recipe({ halting: { rule: 'fixed' }, recipe: { releaseReturn: 0 } });
    expect(release(own, new Array(50).fill(1), 1)).toBeUndefined();
    expect(own.price).toBe(0);
  });

  it('comes once', () => {
    const own = recipe({});
    expect(own.update(1, 2, UNTOLD, 1)).toBe('deadline');
    expect(own.update(1, 2, UNTOLD, 1)).toBeUndefined();
  });
});

describe('price', () => {
  const steered = { initial: 0.1, targetSteps: 2, rate: 0.1, max: 0.15 };

  it('is 0 until release, then the initial one', () => {
    const own = recipe({ price: { initial: 0.1 } });
    own.update(0, 3, UNTOLD, 0);
    expect(own.price).toBe(0);
    own.update(0, 3, UNTOLD, 1);
    expect(own.price).toBe(0.1);
    own.update(0, 3, UNTOLD, 1);
    expect(own.price).toBe(0.1);
  });

  it('is not steered by thoughts from before the release', () => {
    const own = recipe({ price: steered });
    for (let i = 0; i < 5; i++) own.update(0, 3, UNTOLD, 0);
    own.update(0, 3, UNTOLD, 1);
    expect(own.price).toBe(0.1);
  });

  it('rises while thoughts are longer than the target, and falls while they are shorter', () => {
    const own = recipe({ price: { ...steered, max: 1 } });
    own.update(0, 3, UNTOLD, 1);
    own.update(0, 2.5, UNTOLD, 1);
    expect(own.price).toBeCloseTo(0.1 * Math.exp(0.05), 12);
    // Mean 2.5 + 0.4·(−0.5) = 2.3, trend 0.4·(−0.2) = −0.08: it heads for 1.5.
    own.update(0, 2, UNTOLD, 1);
    expect(own.price).toBeCloseTo(0.1 * Math.exp(0.05 - 0.05), 12);
    // Mean 2.58, trend −0.08 + 0.4·(0.28 + 0.08) = 0.064: it heads for 3.22.
    own.update(0, 3, UNTOLD, 1);
    expect(own.price).toBeCloseTo(0.1 * Math.exp(0.1), 12);
  });

  it('changes by a tenth at most', () => {
    const own = recipe({ price: { ...steered, max: 1 }, halting: { maxSteps: 9 } });
    own.update(0, 9, UNTOLD, 1);
    own.update(0, 9, UNTOLD, 1);
    expect(own.price).toBeCloseTo(0.1 * Math.exp(0.1), 12);
  });

  it('gives way while decisions forced deeper earn more', () => {
    const own = recipe({ price: { ...steered, max: 1 } });
    own.update(0, 3, UNTOLD, 1);
    // A tenth of 0.9 is not above the gap that counts, a tenth more of 0.9 is.
    own.update(0, 2, { depthGap: 0.9, stepGain: null }, 1);
    expect(own.price).toBe(0.1);
    own.restore({
      ...own.state(),
      price: { price: 0.2, mean: 2, trend: 0, gap: 0.09, gain: null },
    });
    own.update(0, 2, { depthGap: 0.9, stepGain: null }, 1);
    expect(own.price).toBeCloseTo(0.19, 12);
    own.update(0, 2, UNTOLD, 1);
    expect(own.price).toBeCloseTo(0.19 * 0.95, 12);
    for (let i = 0; i < 30; i++) own.update(0, 2, { depthGap: 0.9, stepGain: null }, 1);
    expect(own.price).toBe(0.1);
    for (let i = 0; i < 20; i++) own.update(0, 2, { depthGap: 0, stepGain: null }, 1);
    const before = own.price;
    own.update(0, 2, { depthGap: 0, stepGain: null }, 1);
    expect(own.price).toBe(before);
  });

  it('does not rise above what a ponder step brings, nor fall below the initial one for it', () => {
    const own = recipe({ price: { ...steered, max: 1 } });
    own.update(0, 3, UNTOLD, 1);
    for (let i = 0; i < 30; i++) own.update(0, 3, { depthGap: 0, stepGain: 0.25 }, 1);
    expect(own.price).toBeCloseTo(0.25, 12);
    own.update(0, 3, { depthGap: 0, stepGain: 0.15 }, 1);
    expect(own.price).toBeCloseTo(0.24, 12);
    own.update(0, 3, UNTOLD, 1);
    expect(own.price).toBeCloseTo(0.24, 12);
    for (let i = 0; i < 99; i++) own.update(0, 3, { depthGap: 0, stepGain: -1 }, 1);
    expect(own.price).toBe(0.1);
  });

  it('stays within a hundredth of the initial one and its maximum', () => {
    const own = recipe({ price: steered });
    own.update(0, 3, UNTOLD, 1);
    for (let i = 0; i < 20; i++) own.update(0, 3, UNTOLD, 1);
    expect(own.price).toBe(0.15);
    for (let i = 0; i < 80; i++) own.update(0, 1, UNTOLD, 1);
    expect(own.price).toBeCloseTo(0.001, 12);
  });

  it('rests where all decisions were forced', () => {
    const own = recipe({ price: steered });
    own.update(0, 3, UNTOLD, 1);
    own.update(0, 0, UNTOLD, 1);
    expect(own.price).toBe(0.1);
  });
});

describe('steered to a target', () => {
  /** A policy that answers to the price with a delay: it thinks as long as pays at the price of the last updates. */
  function follow(own: HaltingSchedule, pays: (price: number) => number, delay: number): number[] {
    let mean = 3;
    const means: number[] = [];
    own.update(0, mean, UNTOLD, 1);
    for (let i = 0; i < 300; i++) {
      mean += (pays(own.price) - mean) / delay;
      means.push(mean);
      own.update(0, mean, UNTOLD, 1);
    }
    return means;
  }

  const slowly = (price: number) => 3 - 8 * price;
  const suddenly = (price: number) => 3 - 2 / (1 + Math.exp(-60 * (price - 0.12)));

  it.each([
    ['slowly', 8, slowly],
    ['slowly', 20, slowly],
    ['suddenly', 8, suddenly],
    ['suddenly', 20, suddenly],
  ])(
    'holds it without overshoot where the policy gives in %s, within %i updates',
    (_, delay, pays) => {
      const own = recipe({ price: { initial: 0.02, targetSteps: 2, rate: 0.2 } });
      const means = follow(own, pays, delay);
      expect(Math.min(...means)).toBeGreaterThan(1.95);
      expect(Math.abs(means.at(-1)! - 2)).toBeLessThan(0.05);
    },
  );
});

describe('a price that the config leaves out', () => {
  it('begins with what returns suggest, after the release, once', () => {
    const own = recipe({});
    own.beginPrice(0.3);
    own.update(0, 3, UNTOLD, 1);
    own.beginPrice(0);
    expect(own.price).toBe(0);
    own.beginPrice(0.2);
    own.beginPrice(0.9);
    expect(own.price).toBe(0.2);
  });

  it('is steered from there, and goes on from a checkpoint', () => {
    const input = { price: { targetSteps: 2 } };
    const own = recipe(input);
    own.update(0, 3, UNTOLD, 1);
    own.update(0, 9, UNTOLD, 1);
    expect(own.price).toBe(0);
    own.beginPrice(0.2);
    own.update(0, 9, UNTOLD, 1);
    expect(own.price).toBeCloseTo(0.2 * Math.exp(0.1), 12);
    const resumed = recipe(input);
    resumed.restore(JSON.parse(JSON.stringify(own.state())));
    resumed.beginPrice(0.7);
    expect(resumed.price).toBe(own.price);
  });

  it('of a checkpoint that does not say how it began is the config’s', () => {
    const own = recipe({ price: { initial: 0.1 } });
    own.update(0, 3, UNTOLD, 1);
    const { initial: _, ...price } = own.state().price as PriceState;
    const resumed = recipe({ price: { initial: 0.1 } });
    resumed.restore({ ...own.state(), price });
    resumed.beginPrice(0.7);
    expect(resumed.state()).toEqual(own.state());
  });
});

it('goes on exactly from its state', () => {
  const input = { price: { initial: 0.1, targetSteps: 2 }, recipe: { releaseReturn: 0.9 } };
  const [one, two] = [recipe(input), recipe(input)];
  for (let i = 0; i < 4; i++) one.update(0.8, 3, UNTOLD, 0);
  two.restore(JSON.parse(JSON.stringify(one.state())));
  for (let i = 0; i < 30; i++)
    expect(two.update(1, 3, UNTOLD, 0)).toBe(one.update(1, 3, UNTOLD, 0));
  expect(one.released).toBe(true);
  expect(two.state()).toEqual(one.state());
});
