import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, it } from 'vitest';
import {
  Box,
  Dict,
  Discrete,
  MultiBinary,
  MultiDiscrete,
  partsOf,
  Sequence,
  type Space,
  Text,
  Tuple,
} from '../../src/envs/index.ts';
import { loadBackend, Rng } from '../../src/kernels/index.ts';
import { type Distribution, distributionFor } from '../../src/policy/index.ts';
import { backends } from '../support/backends.ts';

beforeAll(() => loadBackend(backends('wasm')[0]));

const box = (low: number | number[], high: number | number[]) => new Box({ shape: [2], low, high });

const spaces: [string, Space][] = [
  ['Discrete', new Discrete(4)],
  ['Discrete from 5', new Discrete(3, 5)],
  ['Discrete of one', new Discrete(1, -1)],
  ['MultiDiscrete', new MultiDiscrete([2, 3, 1])],
  [
    'MultiDiscrete from elsewhere',
    new MultiDiscrete([2, 3, 2, 4], { shape: [2, 2], start: [1, -2, 0, 7] }),
  ],
  ['MultiBinary', new MultiBinary([3])],
  ['Box with bounds', box([-2, 0], [4, 1])],
  ['Box without', box(-Infinity, Infinity)],
  ['Box with one bound', box([0, -Infinity], [Infinity, 3])],
  ['Box with one bound, far away', box([100, -Infinity], [Infinity, -5])],
  ['Box of a point', box([3, -1], [3, -1])],
  ['Box of the largest numbers', box(-3.4028234663852886e38, 3.4028234663852886e38)],
  [
    'Box of the largest doubles',
    new Box({ shape: [2], low: -Number.MAX_VALUE, high: Number.MAX_VALUE, dtype: 'float64' }),
  ],
  [
    'Box of every whole number',
    new Box({ shape: [2], low: -(2 ** 31), high: 2 ** 31 - 1, dtype: 'int32' }),
  ],
  ['MultiDiscrete of ones', new MultiDiscrete([1, 1])],
  ['MultiBinary of one', new MultiBinary([1])],
  ['Text', new Text({ minLength: 0, maxLength: 3, charset: 'ab' })],
  ['Text of a length', new Text({ minLength: 2, maxLength: 2, charset: 'abc' })],
  ['Text of one character', new Text({ minLength: 1, maxLength: 4, charset: 'a' })],
  ['Dict of one part', new Dict({ only: new Discrete(3, 1) })],
  [
    'Dict of choices, masked by another',
    new Dict(
      { unit: new Discrete(3, 5), target: new MultiDiscrete([2, 3]), next: new Discrete(2) },
      { maskedBy: { target: 'unit' } },
    ),
  ],
  [
    'Tuple of every kind',
    new Tuple([
      new Dict({ turn: box([-2, 0], [4, 1]), bits: new MultiBinary([2]) }),
      new Discrete(3),
      new Tuple([new Discrete(2, -1), new MultiDiscrete([2, 2])], { maskedBy: { 1: 0 } }),
      new Text({ minLength: 1, maxLength: 2, charset: 'xyz' }),
      new Box({ shape: [1], low: 0, high: 1 }),
    ]),
  ],
];

/** Whether actions are chosen part after part. */
const isJoint = (space: Space) =>
  space instanceof Dict || space instanceof Tuple || space instanceof Text;

const ROWS = 40;

/** Random parameters, with actions drawn by them, and masks where the family takes them. */
function draw(distribution: Distribution, masked: boolean, spread: number) {
  const rng = Rng.seed(3, 'distributions');
  const { outputs, free, maskSize, actionSize } = distribution;
  const size = outputs + free.count;
  const row = () => Float32Array.from({ length: size }, () => spread * rng.normal());
  return Array.from({ length: ROWS }, () => {
    const params = row();
    const other = row();
    const mask = masked ? Uint8Array.from({ length: maskSize }, () => rng.int(2)) : undefined;
    return { params, other, mask, action: new Float32Array(actionSize), rng };
  });
}

/** Gives every component of a mask at least one choice. */
function repair(space: Space, mask: Uint8Array | undefined): void {
  let begin = 0;
  for (const { nvec, maskRows } of partsOf(space)) {
    for (const n of Array.from({ length: maskRows }, () => nvec).flat()) {
      const part = mask?.subarray(begin, begin + n);
      if (part && !part.includes(1)) part[n - 1] = 1;
      begin += n;
    }
  }
}

const stack = (rows: readonly ArrayLike<number>[]) =>
  tf.tensor2d(Float32Array.from(rows.flatMap((row) => Array.from(row))), [
    rows.length,
    rows[0].length,
  ]);

const numbers = (compute: () => tf.Tensor) => Array.from(tf.tidy(compute).dataSync());

function expectClose(found: readonly number[], expected: readonly number[]): void {
  expect(found).toHaveLength(expected.length);
  found.forEach((x, i) => {
    expect(
      Math.abs(x - expected[i]) / Math.max(1, Math.abs(expected[i])),
      `row ${i}: ${x}, ${expected[i]}`,
    ).toBeLessThan(1e-5);
  });
}

const cases = spaces.flatMap(([name, space]): [string, Space, boolean][] =>
  distributionFor(space).maskSize > 0
    ? [
        [name, space, false],
        [`${name}, masked`, space, true],
      ]
    : [[name, space, false]],
);

describe.each(cases)('%s: acting and learning agree', (_name, space, masked) => {
  const distribution = distributionFor(space);
  // Products of several parameters shift those of later parts.
  const rows = draw(distribution, masked, isJoint(space) ? 0.5 : 1.5);
  if (masked) for (const { mask } of rows) repair(space, mask);
  const tensors = () => ({
    params: stack(rows.map(({ params }) => params)),
    others: stack(rows.map(({ other }) => other)),
    masks: masked ? stack(rows.map(({ mask }) => mask!)) : undefined,
  });

  it.each(['sample', 'mode'] as const)('on the log-probability of %s', (how) => {
    const logProbs = rows.map(({ params, mask, action, rng }) =>
      how === 'sample'
        ? distribution.sample(params, mask, rng, action)
        : distribution.mode(params, mask, action),
    );
    const actions = rows.map(({ action }) => action.slice());
    const found = numbers(() => {
      const { params, masks } = tensors();
      return distribution.logProb(params, stack(actions), masks);
    });
    expectClose(found, logProbs);
  });

  it('on divergence', () => {
    const host = rows.map(({ params, other, mask }) =>
      distribution.divergence(params, other, mask),
    );
    const likeliest = rows.map(({ params, mask, action }) => {
      distribution.mode(params, mask, action);
      return action.slice();
    });
    expectClose(
      numbers(() => {
        const { params, others, masks } = tensors();
        return distribution.kl(params, others, masks, stack(likeliest));
      }),
      host,
    );
    expect(Math.min(...host)).toBeGreaterThanOrEqual(0);
    const { params, mask } = rows[0];
    expect(distribution.divergence(params, params, mask)).toBe(0);
  });

  // Of several parts it depends on the action; joint.test.ts and text.test.ts have it.
  it.skipIf(isJoint(space))('on what they describe: entropy', () => {
    const nats = rows.map(({ params, mask }) => {
      const described = distribution.describe(params, mask);
      if (space instanceof Box) {
        const logStds = Array.from(params.subarray(2));
        return logStds.reduce((sum, log) => sum + log + 0.5 * Math.log(2 * Math.PI * Math.E), 0);
      }
      const both = space instanceof MultiBinary ? described.flatMap((p) => [p, 1 - p]) : described;
      return both.reduce((sum, p) => sum - (p > 0 ? p * Math.log(p) : 0), 0);
    });
    expectClose(
      numbers(() => {
        const { params, masks } = tensors();
        return distribution.entropy(params, masks, stack(rows.map(({ action }) => action)));
      }),
      nats,
    );
  });

  it('on scores and their gradients', () => {
    const actions = rows.map(({ params, mask, action, rng }) => {
      distribution.sample(params, mask, rng, action);
      return action.slice();
    });
    const scores = rows.map(({ params, mask }, i) => distribution.score(params, mask, actions[i]));
    const { params, masks } = tensors();
    const logProb = (p: tf.Tensor) => distribution.logProb(p as tf.Tensor2D, stack(actions), masks);
    const entropy = (p: tf.Tensor) => distribution.entropy(p as tf.Tensor2D, masks, stack(actions));
    expectClose(
      scores.map((score) => score.logProb),
      numbers(() => logProb(params)),
    );
    expectClose(
      scores.map((score) => score.entropy),
      numbers(() => entropy(params)),
    );
    const [a, b] = [0.7, -1.3];
    const gradients = rows.flatMap(({ params, mask }, i) => {
      const gradient = new Float32Array(params.length).fill(Number.NaN);
      distribution.scoreGradient(params, mask, actions[i], a, b, gradient);
      return Array.from(gradient);
    });
    expectClose(
      gradients,
      numbers(() =>
        tf.grad((p) => tf.sum(tf.add(tf.mul(logProb(p), a), tf.mul(entropy(p), b))))(params),
      ),
    );
  });

  it('on actions, which the space contains, the most likely one above all', () => {
    for (const { params, mask, action, rng } of rows) {
      const best = distribution.mode(params, mask, action);
      expect(space.explain(distribution.toAction(action))).toBeUndefined();
      for (let i = 0; i < 5; i++) {
        const logProb = distribution.sample(params, mask, rng, action);
        // The most likely choice of each part in turn is not always the most likely action.
        if (!isJoint(space)) expect(logProb).toBeLessThanOrEqual(best + 1e-12);
        expect(space.explain(distribution.toAction(action))).toBeUndefined();
      }
    }
  });

  it('on log-probabilities with their gradient in one pass', () => {
    const { logProbGradient } = distribution;
    for (const { params, mask, action, rng } of logProbGradient ? rows : []) {
      distribution.sample(params, mask, rng, action);
      const [gradient, expected] = [0, 1].map(() => new Float32Array(params.length));
      const logProb = logProbGradient!(params, mask, action, -0.3, gradient);
      distribution.scoreGradient(params, mask, action, -0.3, 0, expected);
      expect(logProb).toBeCloseTo(distribution.score(params, mask, action).logProb, 10);
      expectClose(Array.from(gradient), Array.from(expected));
    }
  });

  it('on actions of the space, as it writes them', () => {
    for (const { params, mask, action, rng } of rows) {
      distribution.sample(params, mask, rng, action);
      const value = distribution.toAction(action);
      const flat = new Float32Array(space.size);
      space.write(value, flat);
      const back = new Float32Array(distribution.actionSize);
      distribution.fromFlat(flat, back);
      const again = new Float32Array(space.size);
      space.write(distribution.toAction(back), again);
      expectClose(Array.from(again), Array.from(flat));
    }
  });

  it('with finite gradients', () => {
    const { params, others, masks } = tensors();
    const actions = stack(
      rows.map(({ params, mask, action, rng }) => {
        distribution.sample(params, mask, rng, action);
        return action.slice();
      }),
    );
    const gradient = tf.grad((p) => {
      const own = p as tf.Tensor2D;
      const terms = [
        distribution.logProb(own, actions, masks),
        distribution.entropy(own, masks, actions),
        distribution.kl(own, others, masks, actions),
        distribution.kl(others, own, masks, actions),
      ];
      return tf.sum(tf.stack(terms));
    })(params);
    const data = gradient.dataSync();
    expect(data.every(Number.isFinite)).toBe(true);
    if (!masked || isJoint(space)) return;
    const forbidden = rows.flatMap(({ mask }, i) =>
      Array.from(mask!, (allowed, j) => (allowed ? 0 : data[i * mask!.length + j])),
    );
    expect(forbidden.every((g) => g === 0)).toBe(true);
  });
});

describe('draws', () => {
  const DRAWS = 4000;

  it.each([
    ['Discrete', new Discrete(4, 2), [0.5, -1, 1, 0], ([a]: Float32Array) => [a - 2]],
    [
      'MultiDiscrete',
      new MultiDiscrete([2, 3], { start: [0, 4] }),
      [1, 0, -1, 0, 1],
      ([a, b]: Float32Array) => [a, 2 + b - 4],
    ],
    [
      'MultiBinary',
      new MultiBinary([2]),
      [1, -0.5],
      (bits: Float32Array) => [0, 1].filter((i) => bits[i]),
    ],
  ])('of %s come as often as described', (_name, space, logits, entries) => {
    const distribution = distributionFor(space);
    const params = Float32Array.from(logits);
    const action = new Float32Array(distribution.actionSize);
    const rng = Rng.seed(1);
    const counts = new Float64Array(logits.length);
    for (let i = 0; i < DRAWS; i++) {
      distribution.sample(params, undefined, rng, action);
      for (const entry of entries(action)) counts[entry]++;
    }
    distribution.describe(params, undefined).forEach((p, i) => {
      const error = Math.sqrt((p * (1 - p)) / DRAWS);
      expect(Math.abs(counts[i] / DRAWS - p)).toBeLessThan(4 * error);
    });
  });

  it('never are what the mask forbids, however likely it was', () => {
    const distribution = distributionFor(new MultiDiscrete([3, 2]));
    const params = Float32Array.of(80, -80, 0, 50, -50);
    const mask = [0, 1, 1, 0, 1];
    const action = new Float32Array(2);
    const rng = Rng.seed(2);
    for (let i = 0; i < 500; i++) {
      const logProb = distribution.sample(params, mask, rng, action);
      expect(action[0]).toBeGreaterThan(0);
      expect(action[1]).toBe(1);
      expect(Number.isFinite(logProb)).toBe(true);
    }
    distribution.mode(params, mask, action);
    expect([...action]).toEqual([2, 1]);
    expect(distribution.describe(params, mask)[0]).toBe(0);
  });

  it('of Box have the mean and deviation that the parameters say', () => {
    const distribution = distributionFor(box(-Infinity, Infinity));
    const params = Float32Array.of(1, -2, Math.log(0.5), Math.log(2));
    const action = new Float32Array(2);
    const rng = Rng.seed(4);
    const sums = [0, 0, 0, 0];
    for (let i = 0; i < DRAWS; i++) {
      distribution.sample(params, undefined, rng, action);
      action.forEach((x, j) => {
        sums[j] += x / DRAWS;
        sums[2 + j] += x ** 2 / DRAWS;
      });
    }
    const stds = [sums[2] - sums[0] ** 2, sums[3] - sums[1] ** 2].map(Math.sqrt);
    [1, -2].forEach((mean, j) => {
      expect(Math.abs(sums[j] - mean)).toBeLessThan((4 * [0.5, 2][j]) / Math.sqrt(DRAWS));
      expect(stds[j] / [0.5, 2][j]).toBeCloseTo(1, 1);
    });
  });
});

describe('by hand', () => {
  const log = Math.log;

  it('a categorical', () => {
    const distribution = distributionFor(new Discrete(2, 5));
    const params = Float32Array.of(log(3), 0);
    const action = new Float32Array(1);
    expect(distribution.mode(params, undefined, action)).toBeCloseTo(log(0.75), 6);
    expect(distribution.toAction(action)).toBe(5);
    expect(distribution.describe(params, undefined).map((p) => Number(p.toFixed(6)))).toEqual([
      0.75, 0.25,
    ]);
    const half = Float32Array.of(0, 0);
    expect(distribution.divergence(params, half, undefined)).toBeCloseTo(
      0.75 * log(1.5) + 0.25 * log(0.5),
      6,
    );
  });

  it('bits', () => {
    const distribution = distributionFor(new MultiBinary([2]));
    const params = Float32Array.of(log(3), -log(3));
    const action = new Float32Array(2);
    expect(distribution.mode(params, undefined, action)).toBeCloseTo(2 * log(0.75), 6);
    expect(distribution.toAction(action)).toEqual(Int8Array.of(1, 0));
  });

  it('a Gaussian in units of half the range, clipped for the environment alone', () => {
    const distribution = distributionFor(box([-2, 0], [4, 1]));
    const params = Float32Array.of(0.5, -3, 0, 0);
    const action = new Float32Array(2);
    expect(distribution.mode(params, undefined, action)).toBeCloseTo(-log(2 * Math.PI), 6);
    expect([...action]).toEqual([0.5, -3]);
    expect(distribution.toAction(action)).toEqual(Float32Array.of(2.5, 0));
    expect(distribution.describe(params, undefined)).toEqual([2.5, 0]);
    expect(distribution.free).toEqual({ count: 2, initial: -0.5 });
  });

  it('an unbounded entry is in its own units, and one bound clips', () => {
    const distribution = distributionFor(box([0, -Infinity], [Infinity, 3]));
    expect(distribution.toAction(Float32Array.of(7, -9))).toEqual(Float32Array.of(7, -9));
    expect(distribution.toAction(Float32Array.of(-7, 9))).toEqual(Float32Array.of(0, 3));
  });

  it.each<[string, number, number, number, number]>([
    ['begins at its only bound, in units of its size', 100, Infinity, 100, 100],
    ['begins at its upper bound', -Infinity, -5, -5, 5],
    ['begins at a bound near 0, in units of 1', 0.25, Infinity, 0.25, 1],
    ['begins at 0, where its bound is beyond', -5, Infinity, 0, 1],
    ['begins at 0 where bounds are those of its numbers', -3.4e38, 3.4e38, 0, 1],
    ['begins at a bound where the other is that of its numbers', 7, 3.4e38, 7, 7],
    ['begins in the middle of its bounds, in units of half their range', 100, 300, 200, 100],
  ])('an entry %s', (_, low, high, middle, unit) => {
    const space = new Box({ shape: [1], low, high, dtype: 'float64' });
    const distribution = distributionFor(space);
    const at = (mean: number) => (distribution.toAction(Float32Array.of(mean)) as Float64Array)[0];
    expect(at(0)).toBe(middle);
    const inwards = high > middle ? 1 : -1;
    expect(at(inwards)).toBe(middle + inwards * unit);
    // What is drawn before anything is learned: half of it at least is no bound.
    const action = new Float32Array(1);
    const rng = Rng.seed(6);
    const drawn = Array.from({ length: 200 }, () => {
      const initial = distribution.free.initial as number;
      distribution.sample(Float32Array.of(0, initial), undefined, rng, action);
      return (distribution.toAction(action) as Float64Array)[0];
    });
    expect(drawn.every((x) => Number.isFinite(x) && x >= low && x <= high)).toBe(true);
    expect(drawn.filter((x) => x !== low && x !== high).length).toBeGreaterThan(80);
  });

  it.each<[string, number, number]>([
    ['two bounds', -2, 4],
    ['no bounds', -Infinity, Infinity],
    ['a lower bound', 100, Infinity],
    ['an upper bound', -Infinity, -5],
    ['a huge range', -1e6, 3e6],
    ['a tiny range', 1e-6, 3e-6],
  ])('the density of an entry with %s is that of its draws', (_, low, high) => {
    const space = new Box({ shape: [1], low, high, dtype: 'float64' });
    const distribution = distributionFor(space);
    const params = Float32Array.of(0.2, -0.7);
    const density = (unit: number) =>
      Math.exp(distribution.score(params, undefined, Float32Array.of(unit)).logProb);
    const integral = (from: number, to: number, steps = 4000) => {
      const width = (to - from) / steps;
      let sum = 0;
      for (let i = 0; i < steps; i++) sum += density(from + (i + 0.5) * width) * width;
      return sum;
    };
    expect(integral(-8, 8)).toBeCloseTo(1, 5);
    // Between two actions inside the bounds, in the space's own unit, as many are drawn as the density says.
    const value = (unit: number) =>
      (distribution.toAction(Float32Array.of(unit)) as Float64Array)[0];
    const [from, to] = high === Infinity ? [0, 0.5] : [-0.5, 0];
    const rng = Rng.seed(8);
    const action = new Float32Array(1);
    let inside = 0;
    for (let i = 0; i < 4000; i++) {
      distribution.sample(params, undefined, rng, action);
      if (value(action[0]) > value(from) && value(action[0]) < value(to)) inside++;
    }
    const share = integral(from, to);
    expect(value(to)).toBeGreaterThan(value(from));
    expect(Math.abs(inside / 4000 - share)).toBeLessThan(
      4 * Math.sqrt((share * (1 - share)) / 4000),
    );
  });

  it('whole numbers are rounded to, so that each has its share', () => {
    const distribution = distributionFor(new Box({ shape: [1], low: 0, high: 4, dtype: 'int8' }));
    const action = (x: number) => distribution.toAction(Float32Array.of(x));
    expect([-9, -0.8, -0.2, 0.3, 0.7, 9].map(action)).toEqual(
      [0, 0, 2, 3, 3, 4].map((x) => Int8Array.of(x)),
    );
  });
});

it.each([
  new Sequence(new Discrete(2), { maxLength: 3 }),
  new Dict({ a: new Discrete(2), b: new Sequence(new Discrete(2), { maxLength: 3 }) }),
])('refuses %o', (space) => {
  expect(() => distributionFor(space)).toThrow(
    'distributionFor: expected Box, Discrete, MultiDiscrete, MultiBinary or Text actions, got sequence',
  );
});
