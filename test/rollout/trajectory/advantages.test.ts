import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  type AdvantageOptions,
  advantages,
  depthWeights,
  GOES_ON,
  type MicroSteps,
  TERMINATED,
  TRUNCATED,
} from '../../../src/rollout/index.ts';

interface Decision {
  /** After each ponder step. */
  values: number[];
  reward: number;
  ticks?: number;
  ended?: number;
  /** Of the trace into it. */
  weight?: number;
  /** Value of what follows, where a rollout or a truncated episode ends. */
  bootstrap?: number;
  env?: number;
}

/** Decisions as a trajectory lays them out. */
function microSteps(decisions: readonly Decision[]): MicroSteps {
  const envs = decisions.map(({ env = 0 }) => env);
  const steps = decisions.map(({ values }) => values.length);
  return {
    count: decisions.length,
    ponderSteps: Int32Array.from(steps),
    offset: Int32Array.from(steps, (_, t) => steps.slice(0, t).reduce((a, b) => a + b, 0)),
    values: Float32Array.from(decisions.flatMap(({ values }) => values)),
    rewards: Float32Array.from(decisions, ({ reward }) => reward),
    ticks: Int32Array.from(decisions, ({ ticks = 1 }) => ticks),
    ended: Uint8Array.from(decisions, ({ ended = GOES_ON }) => ended),
    weights: Float32Array.from(decisions, ({ weight = 1 }) => weight),
    next: Int32Array.from(envs, (env, t) => envs.indexOf(env, t + 1)),
    bootstrap: Float32Array.from(decisions, ({ bootstrap = 0 }) => bootstrap),
  };
}

const plain: AdvantageOptions = { gamma: 0.5, lambda: 0.5, lambdaThink: 1, price: 0, minSteps: 1 };
const compute = (decisions: readonly Decision[], options: Partial<AdvantageOptions> = {}) =>
  Array.from(advantages(microSteps(decisions), { ...plain, ...options }));

describe('advantages, by hand', () => {
  it('one decision that terminates: nothing follows, whatever bootstrap says', () => {
    // 3 − 1
    expect(compute([{ values: [1], reward: 3, ended: TERMINATED, bootstrap: 100 }])).toEqual([2]);
  });

  it('one that is truncated: the value of its final observation follows', () => {
    // 3 + ½·4 − 1
    expect(compute([{ values: [1], reward: 3, ended: TRUNCATED, bootstrap: 4 }])).toEqual([4]);
  });

  it('one at the end of the rollout: the value of what it led to follows', () => {
    expect(compute([{ values: [1], reward: 3, bootstrap: 4 }])).toEqual([4]);
  });

  it('a decision of several steps, and the next one', () => {
    const two: Decision[] = [
      { values: [1, 2], reward: 10 },
      { values: [3], reward: 20, ended: TERMINATED },
    ];
    // act 2: 20 − 3; act 1: 10 + ½·3 − 2 + ¼·17; think: 2 − 1 + 13.75
    expect(compute(two)).toEqual([14.75, 13.75, 17]);
    // think: −1 + 2 − 1 + 13.75
    expect(compute(two, { price: 1 })).toEqual([13.75, 13.75, 17]);
    // think: −1 + 2 − 1 + ½·13.75
    expect(compute(two, { price: 1, lambdaThink: 0.5 })).toEqual([6.875, 13.75, 17]);
  });

  it('a decision that took several ticks discounts what follows by each of them', () => {
    const two: Decision[] = [
      { values: [1, 2], reward: 10, ticks: 2 },
      { values: [3], reward: 20, ended: TERMINATED, ticks: 3 },
    ];
    // act 2: 20 − 3; act 1: 10 + ¼·3 − 2 + ¼·½·17; think: 2 − 1 + 10.875
    expect(compute(two)).toEqual([11.875, 10.875, 17]);
  });

  it('an act edge is followed by the first readout of the next decision, not its last', () => {
    const two: Decision[] = [
      { values: [0], reward: 0 },
      { values: [4, 100], reward: 0, ended: TERMINATED },
    ];
    // With λ = 0 on both: act 2: −100; think: 100 − 4; act 1: ½·4
    expect(compute(two, { lambda: 0, lambdaThink: 0 })).toEqual([2, 96, -100]);
  });

  it('an end cuts off what lies behind it, although the environment goes on', () => {
    for (const [ended, bootstrap, first] of [
      [TERMINATED, 8, 1],
      [TRUNCATED, 8, 5],
    ]) {
      const found = compute([
        { values: [0], reward: 1, ended, bootstrap },
        { values: [50], reward: 7, ended: TERMINATED },
      ]);
      expect(found).toEqual([first, -43]);
    }
  });

  it('the price is paid from minSteps on', () => {
    const thought: Decision[] = [{ values: [0, 0, 0, 0], reward: 0, ended: TERMINATED }];
    expect(compute(thought, { price: 1, minSteps: 1 })).toEqual([-3, -2, -1, 0]);
    expect(compute(thought, { price: 1, minSteps: 2 })).toEqual([-2, -2, -1, 0]);
    expect(compute(thought, { price: 1, minSteps: 4 })).toEqual([0, 0, 0, 0]);
    expect(compute(thought, { price: 1, minSteps: 1, lambdaThink: 0.5 })).toEqual([
      -1.75, -1.5, -1, 0,
    ]);
  });

  it('thinking is not discounted', () => {
    const thought: Decision[] = [{ values: [0, 0, 0], reward: 5, ended: TERMINATED }];
    expect(compute(thought, { gamma: 0.1 })).toEqual([5, 5, 5]);
  });

  it('the trace into a decision is weighted, its first value is not', () => {
    const three: Decision[] = [
      { values: [1], reward: 1 },
      { values: [2, 6], reward: 1, weight: 0 },
      { values: [4], reward: 1, ended: TERMINATED },
    ];
    // act 3: 1 − 4; act 2: 1 + ½·4 − 6 + ¼·(−3); think 2: 6 − 2 − 3.75; act 1: 1 + ½·2 − 1, no trace
    expect(compute(three)).toEqual([1, 0.25, -3.75, -3]);
    three[1].weight = 0.5;
    // act 1: 1 + ½·2 − 1 + ½·¼·0.25
    expect(compute(three)).toEqual([1.03125, 0.25, -3.75, -3]);
    three[1].weight = 1;
    expect(compute(three)).toEqual([1.0625, 0.25, -3.75, -3]);
  });

  it('environments are apart, however their decisions interleave', () => {
    const a: Decision[] = [
      { env: 0, values: [1, 2], reward: 10 },
      { env: 0, values: [3], reward: 20, ended: TERMINATED },
    ];
    const b: Decision[] = [
      { env: 1, values: [1], reward: 3, ended: TRUNCATED, bootstrap: 4 },
      { env: 1, values: [2], reward: 1, bootstrap: 6 },
    ];
    // b: 1 + ½·6 − 2 after the end
    expect(compute([b[0], a[0], b[1], a[1]])).toEqual([4, 14.75, 13.75, 2, 17]);
  });

  it('no decisions, no advantages', () => {
    expect(compute([])).toEqual([]);
  });
});

/** A number that float32 holds exactly. */
const number = fc.integer({ min: -64, max: 64 }).map((n) => n / 8);

const decision = (depth: number): fc.Arbitrary<Decision> =>
  fc.record({
    values: fc.array(number, { minLength: 1, maxLength: depth }),
    reward: number,
    ended: fc.constantFrom(GOES_ON, GOES_ON, GOES_ON, TERMINATED, TRUNCATED),
    bootstrap: number,
    env: fc.integer({ min: 0, max: 2 }),
    weight: fc.constantFrom(0, 0.5, 1),
  });

const unit = fc.double({ min: 0, max: 1, noNaN: true });

const options: fc.Arbitrary<AdvantageOptions> = fc.record({
  gamma: unit,
  lambda: unit,
  lambdaThink: unit,
  price: unit,
  minSteps: fc.integer({ min: 1, max: 3 }),
});

const expectClose = (found: readonly number[], expected: readonly number[]) => {
  expect(found).toHaveLength(expected.length);
  found.forEach((x, i) => {
    expect(x, `entry ${i}`).toBeCloseTo(expected[i], 2);
  });
};

/** GAE as it is written for one environment: deltas first, then the sum over all that follow. */
function plainGae(decisions: readonly Decision[], gamma: number, lambda: number): number[] {
  const next = decisions.map(({ ended, bootstrap = 0 }, t) => {
    if (ended === TERMINATED) return 0;
    return ended === GOES_ON && t + 1 < decisions.length ? decisions[t + 1].values[0] : bootstrap;
  });
  const delta = decisions.map(({ reward, values: [v] }, t) => reward + gamma * next[t] - v);
  return decisions.map((_, t) => {
    let sum = 0;
    for (let k = t; k < decisions.length; k++) {
      sum += (gamma * lambda) ** (k - t) * delta[k];
      if (decisions[k].ended !== GOES_ON) break;
    }
    return sum;
  });
}

describe('advantages, in general', () => {
  it('are plain GAE at one step a decision', () => {
    fc.assert(
      fc.property(fc.array(decision(1), { maxLength: 12 }), options, (decisions, options) => {
        const one = decisions.map((d) => ({ ...d, env: 0, weight: 1 }));
        const { gamma, lambda } = options;
        expectClose(compute(one, options), plainGae(one, gamma, lambda));
      }),
    );
  });

  it('with every λ at 1, advantage + value is the discounted return less the price', () => {
    fc.assert(
      fc.property(fc.array(decision(4), { maxLength: 12 }), options, (decisions, given) => {
        const own = decisions.map((d) => ({ ...d, env: 0, weight: 1 }));
        const { gamma, price, minSteps } = given;
        const found = compute(own, { gamma, price, minSteps, lambda: 1, lambdaThink: 1 });
        /** From step n of decision t on. */
        const worth = (t: number, n: number): number => {
          const { values, reward, ended, bootstrap } = own[t];
          const paid = price * Math.max(0, values.length - Math.max(n, minSteps));
          const last = ended !== GOES_ON || t + 1 === own.length;
          const after = last ? (ended === TERMINATED ? 0 : bootstrap!) : worth(t + 1, 1);
          return reward + gamma * after - paid;
        };
        const { values } = microSteps(own);
        const targets = own.flatMap((d, t) => d.values.map((_, i) => worth(t, i + 1)));
        expectClose(
          found.map((a, i) => a + values[i]),
          targets,
        );
      }),
    );
  });

  it('do not depend on how environments interleave', () => {
    fc.assert(
      fc.property(fc.array(decision(4), { maxLength: 12 }), options, (decisions, options) => {
        const { offset, ponderSteps } = microSteps(decisions);
        const all = compute(decisions, options);
        for (const env of [0, 1, 2]) {
          const mine = decisions.flatMap((d, t) => (d.env === env ? [t] : []));
          const alone = compute(
            mine.map((t) => decisions[t]),
            options,
          );
          const found = mine.flatMap((t) => all.slice(offset[t], offset[t] + ponderSteps[t]));
          expect(found).toEqual(alone);
        }
      }),
    );
  });

  it('of what comes before a decision of weight 0 do not depend on what it went on to do', () => {
    fc.assert(
      fc.property(
        fc.array(decision(4), { minLength: 2, maxLength: 8 }),
        options,
        number,
        (decisions, options, change) => {
          const own = decisions.map((d) => ({ ...d, env: 0, weight: 1, ended: GOES_ON }));
          const at = own.length - 1;
          own[at] = { ...own[at], weight: 0 };
          const before = compute(own, options);
          own[at] = {
            ...own[at],
            reward: own[at].reward + change,
            values: [...own[at].values, change],
          };
          const begin = microSteps(own).offset[at];
          expect(compute(own, options).slice(0, begin)).toEqual(before.slice(0, begin));
        },
      ),
    );
  });

  it.each([
    ['rewards', 3],
    ['weights', 3],
    ['bootstrap', 3],
    ['values', 6],
  ] as const)('refuse %s that are too short', (name, expected) => {
    const micro = microSteps([1, 2, 3].map((reward) => ({ values: [1, 2], reward })));
    micro[name] = micro[name].slice(1);
    expect(() => advantages(micro, plain)).toThrow(
      new RangeError(
        `advantages: ${name}: expected at least ${expected} entries, got ${expected - 1}`,
      ),
    );
  });
});

describe('depthWeights', () => {
  /** Decisions of these depths, each with the same halting probabilities. */
  const weigh = (steps: number[], forced: number[], minSteps: number, maxSteps: number) => {
    const offset = steps.map((_, t) => steps.slice(0, t).reduce((a, b) => a + b, 0));
    const halts = Float32Array.from(steps.flatMap((n) => [0.5, 0.25, 0.2, 0.9].slice(0, n)));
    return Array.from(
      depthWeights(
        {
          count: steps.length,
          ponderSteps: Int32Array.from(steps),
          offset: Int32Array.from(offset),
          forced: Uint8Array.from(forced),
          halts,
        },
        { minSteps, maxSteps },
      ),
      (weight) => Number(weight.toFixed(6)),
    );
  };

  it('are 1 but for forced decisions: their depth’s probability over the uniform one, at most 1', () => {
    // π = ½, ½·¼, ½·¾·⅕, and at the maximum what is left: ½·¾·⅘; u = ¼
    expect(weigh([1, 2, 3, 4, 4], [1, 1, 1, 1, 0], 1, 4)).toEqual([1, 0.5, 0.3, 1, 1]);
    expect(weigh([2, 3], [0, 0], 1, 3)).toEqual([1, 1]);
  });

  it('leave out the steps that are taken anyway', () => {
    // From step 2 on: π = ¼, ¾·⅕, ¾·⅘; u = ⅓
    expect(weigh([2, 3, 4], [1, 1, 1], 2, 4)).toEqual([0.75, 0.45, 1]);
  });
});
