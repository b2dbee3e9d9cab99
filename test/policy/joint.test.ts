import { describe, expect, it } from 'vitest';
import {
  Box,
  Dict,
  Discrete,
  MultiBinary,
  MultiDiscrete,
  type Space,
  Tuple,
} from '../../src/envs/index.ts';
import { loadBackend, Rng } from '../../src/kernels/index.ts';
import { type Distribution, distributionFor } from '../../src/policy/index.ts';
import { backends } from '../support/backends.ts';
import { smallPolicy } from '../support/small-policy.ts';

/** Random parameters, the free ones as a policy begins with them but larger, so that parts depend on each other. */
function parametersOf({ outputs, free }: Distribution, seed = 1, scale = 1): Float32Array {
  const rng = Rng.seed(seed, 'joint');
  return Float32Array.from({ length: outputs + free.count }, () => scale * rng.normal());
}

/** All rows of an action space of choices. */
function actionsOf(counts: readonly number[], starts: readonly number[]): Float32Array[] {
  return counts
    .reduce<number[][]>(
      (rows, n, i) =>
        rows.flatMap((row) => Array.from({ length: n }, (_, a) => [...row, starts[i] + a])),
      [[]],
    )
    .map((row) => Float32Array.from(row));
}

const masked = new Dict(
  { unit: new Discrete(3, 5), target: new Discrete(4), turn: new MultiDiscrete([2, 2]) },
  { maskedBy: { target: 'unit' } },
);
const choices = actionsOf([3, 4, 2, 2], [5, 0, 0, 0]);
// Unit 6 may not be chosen, so its row may be empty.
const mask = [1, 0, 1, ...[1, 0, 0, 1], ...[0, 0, 0, 0], ...[0, 1, 1, 1], ...[1, 1, 0, 1]];

describe('a joint of choices', () => {
  const distribution = distributionFor(masked);
  const p = parametersOf(distribution, 1);
  const q = parametersOf(distribution, 2);
  const probability = (params: Float32Array, action: Float32Array, allowed?: number[]) =>
    Math.exp(distribution.score(params, allowed, action).logProb);

  it.each([
    ['without a mask', undefined],
    ['with masks that depend on an earlier part', mask],
  ])('has probabilities that sum to 1 %s', (_, allowed) => {
    const sum = choices.reduce((sum, action) => sum + probability(p, action, allowed), 0);
    expect(sum).toBeCloseTo(1, 6);
  });

  it('gives what a mask forbids no probability, by the row of the choice before', () => {
    const possible = choices.filter((action) => probability(p, action, mask) > 0);
    const pairs = new Set(possible.map(([unit, target, , turn]) => `${unit} ${target} ${turn}`));
    expect(pairs).toEqual(new Set(['5 0 1', '5 3 1', '7 1 1', '7 2 1', '7 3 1']));
  });

  it('draws as often as the probabilities say', () => {
    const draws = 20_000;
    const rng = Rng.seed(3);
    const counts = new Map<string, number>();
    const action = new Float32Array(4);
    for (let i = 0; i < draws; i++) {
      const logProb = distribution.sample(p, mask, rng, action);
      expect(logProb).toBe(distribution.score(p, mask, action).logProb);
      counts.set(action.join(), (counts.get(action.join()) ?? 0) + 1);
    }
    for (const choice of choices) {
      const share = probability(p, choice, mask);
      const found = (counts.get(choice.join()) ?? 0) / draws;
      expect(Math.abs(found - share)).toBeLessThanOrEqual(
        4 * Math.sqrt((share * (1 - share)) / draws) + 1e-9,
      );
    }
  });

  it('has an entropy that is the mean of the entropies along its actions', () => {
    let [entropy, mean] = [0, 0];
    for (const action of choices) {
      const { logProb, entropy: along } = distribution.score(p, mask, action);
      if (logProb === -Infinity) continue;
      entropy -= Math.exp(logProb) * logProb;
      mean += Math.exp(logProb) * along;
    }
    expect(mean).toBeCloseTo(entropy, 5);
  });

  it('describes its parts one after another, each given the most likely choices before it', () => {
    const action = new Float32Array(4);
    distribution.mode(p, mask, action);
    const [unit, target] = action;
    const described = distribution.describe(p, mask);
    expect(distribution.describes).toBe('parts');
    expect(described).toHaveLength(3 + 4 + 4);
    // Marginals and conditionals by enumeration.
    const shareOf = (holds: (action: Float32Array) => boolean) =>
      choices.reduce((sum, a) => sum + (holds(a) ? probability(p, a, mask) : 0), 0);
    const ofUnit = [5, 6, 7].map((u) => shareOf((a) => a[0] === u));
    described.slice(0, 3).forEach((share, i) => {
      expect(share).toBeCloseTo(ofUnit[i], 6);
    });
    described.slice(3, 7).forEach((share, t) => {
      const both = shareOf((a) => a[0] === unit && a[1] === t);
      expect(share).toBeCloseTo(both / ofUnit[unit - 5], 6);
    });
    expect(ofUnit[unit - 5]).toBe(Math.max(...ofUnit));
    expect(described[3 + target]).toBe(Math.max(...described.slice(3, 7)));
  });

  it('is at no distance from itself, and at ∞ from one with another most likely choice', () => {
    expect(distribution.divergence(p, p, mask)).toBe(0);
    expect(distribution.divergence(p, q, mask)).toBeGreaterThan(0);
    expect(distribution.shift(p, p, mask)).toBe(0);
    const other = p.slice();
    // The first parameters are the logits of the unit.
    other[0] = other[2] - 9;
    const swapped = p.slice();
    swapped[0] = swapped[2] + 9;
    expect(distribution.shift(other, swapped, mask)).toBe(Infinity);
  });
});

describe('a joint with a Box', () => {
  const power = new Box({ shape: [1], low: 0, high: 4 });
  const WIDTH = 0.02;
  const grid = Array.from({ length: 1200 }, (_, i) => -12 + WIDTH * (i + 0.5));

  it.each<[string, Space, (x: number) => Float32Array[]]>([
    [
      'after choices',
      new Tuple([new Discrete(3), power]),
      (x) => [0, 1, 2].map((a) => Float32Array.of(a, x)),
    ],
    [
      'before choices',
      new Tuple([power, new Discrete(3)]),
      (x) => [0, 1, 2].map((a) => Float32Array.of(x, a)),
    ],
    [
      'between bits and choices',
      new Tuple([new MultiBinary([1]), power, new Discrete(2)]),
      (x) => [0, 1, 2, 3].map((a) => Float32Array.of(a >> 1, x, a & 1)),
    ],
  ])('%s has a density that integrates to 1', (_, space, actions) => {
    const distribution = distributionFor(space);
    const params = parametersOf(distribution, 4, 0.6);
    let sum = 0;
    for (const x of grid) {
      for (const action of actions(x)) {
        sum += WIDTH * Math.exp(distribution.score(params, undefined, action).logProb);
      }
    }
    expect(sum).toBeCloseTo(1, 4);
  });

  it('acts in the space, each part in its own unit', () => {
    const space = new Dict([
      ['a', new Tuple([new Discrete(2, 3), power])],
      ['b', new MultiBinary([2])],
    ]);
    const distribution = distributionFor(space);
    expect(distribution.toAction(Float32Array.of(4, 0.5, 1, 0))).toEqual({
      a: [4, Float32Array.of(3)],
      b: Int8Array.of(1, 0),
    });
  });
});

it('shifts a part by what was chosen before and by the query of the state, as the formula says', () => {
  const distribution = distributionFor(new Tuple([new Discrete(2), new Discrete(2)]));
  const { outputs, free } = distribution;
  // Bases 2 and 2, a query of 16; embeddings of 2 choices, a map of 16 × 2.
  expect([outputs, free.count]).toEqual([2 + 2 + 16, 2 * 16 + 16 * 2]);
  const params = new Float32Array(outputs + free.count);
  const [query, embedding, map] = [4, outputs, outputs + 2 * 16];
  params[embedding + 16 + 3] = 2; // choice 1, rank 3
  params[query + 3] = 0.5;
  params[map + 2 * 3] = 1; // rank 3, first logit
  const odds = (first: number) => {
    const [zero, one] = [0, 1].map(
      (second) => distribution.score(params, undefined, Float32Array.of(first, second)).logProb,
    );
    return zero - one;
  };
  expect(odds(0)).toBeCloseTo(0, 6);
  expect(odds(1)).toBeCloseTo((1 + 0.5) * 2 * 1, 6);
});

it('has the gradient of finite differences, by every number of the row', () => {
  const space = new Dict(
    {
      a: new Discrete(2, 1),
      b: new Box({ shape: [2], low: -1, high: 1 }),
      c: new MultiDiscrete([3, 2]),
      d: new MultiBinary([2]),
    },
    { maskedBy: { c: 'a' } },
  );
  const distribution = distributionFor(space);
  const params = parametersOf(distribution, 5, 0.5);
  const allowed = [1, 1, ...[1, 0, 1, 1, 1], ...[1, 1, 1, 0, 1]];
  const action = new Float32Array(distribution.actionSize);
  distribution.sample(params, allowed, Rng.seed(6), action);
  const [a, b] = [0.7, -1.3];
  const gradient = new Float32Array(params.length).fill(Number.NaN);
  distribution.scoreGradient(params, allowed, action, a, b, gradient);
  const objective = () => {
    const { logProb, entropy } = distribution.score(params, allowed, action);
    return a * logProb + b * entropy;
  };
  for (let i = 0; i < params.length; i++) {
    const kept = params[i];
    params[i] = kept + 2 ** -7;
    const above = objective();
    params[i] = kept - 2 ** -7;
    const below = objective();
    params[i] = kept;
    expect(Math.abs((above - below) * 2 ** 6 - gradient[i]), `number ${i}`).toBeLessThan(2e-3);
  }
});

it('learns a dependence that independent parts cannot have', () => {
  // The second part repeats the first, which is 0 or 1 as often: ln 2 nats, where independent parts have 2·ln 2.
  const distribution = distributionFor(new Tuple([new Discrete(2), new Discrete(2)]));
  const rng = Rng.seed(7);
  const { outputs, free } = distribution;
  const initial = free.initial as (index: number, rng: Rng) => number;
  const params = Float32Array.from({ length: outputs + free.count }, (_, i) =>
    i < outputs ? 0 : initial(i - outputs, rng),
  );
  const gradient = new Float32Array(params.length);
  for (let i = 0; i < 600; i++) {
    const first = rng.int(2);
    distribution.scoreGradient(params, undefined, Float32Array.of(first, first), 1, 0, gradient);
    for (let j = 0; j < params.length; j++) params[j] += 0.2 * gradient[j];
  }
  const nats = [0, 1].map(
    (x) => -distribution.score(params, undefined, Float32Array.of(x, x)).logProb / 2,
  );
  expect(nats[0] + nats[1]).toBeLessThan(Math.log(2) + 0.05);
});

describe('a policy', () => {
  it('draws the free parameters by its seed, so small that the first actions are nearly uniform', async () => {
    await loadBackend(backends('wasm')[0]);
    const free = async (seed: number) => {
      const policy = smallPolicy({ actionSpace: masked, seed });
      const { data } = (await policy.parameters.read())['heads.free'];
      policy.dispose();
      return data;
    };
    const [first, again, other] = [await free(1), await free(1), await free(2)];
    expect(again).toEqual(first);
    expect(other).not.toEqual(first);
    const distribution = distributionFor(masked);
    const params = new Float32Array(distribution.outputs + first.length);
    params.set(first, distribution.outputs);
    for (const action of choices) {
      expect(distribution.score(params, undefined, action).logProb).toBeCloseTo(-Math.log(48), 0);
    }
  });
});

it.each<[Space, string]>([
  [new Discrete(1), '1 choice'],
  [new Discrete(4, 3), '4 choices'],
  [new MultiDiscrete([9, 9]), '9 × 9 choices'],
  [new MultiDiscrete([3, 3, 3, 3, 3]), '5 entries of 3 choices'],
  [new MultiDiscrete([3, 2, 3, 3, 3]), '5 entries of 2..3 choices'],
  [new MultiBinary([3]), '3 bits'],
  [new Box({ shape: [1], low: 0, high: 0.1 }), '1 number in 0..0.1'],
  [new Box({ shape: [2], low: -1, high: Infinity }), '2 numbers from -1 up'],
  [new Box({ shape: [2], low: -Infinity, high: 3 }), '2 numbers up to 3'],
  [new Box({ shape: [2], low: -Infinity, high: Infinity }), '2 numbers without bounds'],
  [new Box({ shape: [2], low: [0, 1], high: 3 }), '2 numbers, each with its own bounds'],
  [new Box({ shape: [1], low: 0, high: 9, dtype: 'int8' }), '1 whole number in 0..9'],
  [
    new Dict(
      {
        unit: new Discrete(4),
        target: new Discrete(81),
        power: new Box({ shape: [1], low: 0, high: 1 }),
      },
      { maskedBy: { target: 'unit' } },
    ),
    'unit: 4 choices, then target: 81 choices, masked by unit, then power: 1 number in 0..1',
  ],
  [
    new Tuple([new Dict({ a: new Discrete(2) }), new Discrete(3)]),
    '0.a: 2 choices, then 1: 3 choices',
  ],
])('says of %o in words: %s', (space, summary) => {
  expect(distributionFor(space).summary).toBe(summary);
});
