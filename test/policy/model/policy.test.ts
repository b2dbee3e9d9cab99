import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, it } from 'vitest';
import { Box, Discrete, MultiDiscrete } from '../../../src/envs/index.ts';
import { loadBackend, Rng } from '../../../src/kernels/index.ts';
import { relativeBias } from '../../../src/policy/core/relative-bias.ts';
import { Parameters, type Place, type PolicyOptions } from '../../../src/policy/index.ts';
import { backends } from '../../support/backends.ts';
import {
  distance,
  randomRows,
  set,
  smallPolicy,
  stir,
  toTensor,
  unroll,
} from '../../support/small-policy.ts';

beforeAll(() => loadBackend(backends('wasm')[0]));

const grid = (side: number, channels = 2) =>
  new Box({ shape: [side, side, channels], low: -Infinity, high: Infinity });
const box = (size: number) => new Box({ shape: [size], low: -Infinity, high: Infinity });

const forms: [string, Partial<PolicyOptions>][] = [
  ['latent', { core: 'latent' }],
  ['latent with registers', { core: 'latent', registers: 2, blocks: 2 }],
  ['latent on a grid', { core: 'latent', observationSpace: grid(2) }],
  ['full', { core: 'full' }],
  ['full with registers', { core: 'full', registers: 2, blocks: 2 }],
  ['full on a grid', { core: 'full', registers: 1, observationSpace: grid(3) }],
];

describe.each(forms)('%s', (_name, options) => {
  const size = options.observationSpace?.size ?? 2;
  const rows = randomRows(5, size);
  const make = (more: Partial<PolicyOptions> = {}) => {
    const policy = smallPolicy({ ...options, ...more });
    stir(policy.parameters);
    return policy;
  };

  it('thinks alone as in a batch', () => {
    const policy = make();
    const together = unroll(policy, rows, 4);
    // libtensorflow multiplies one row in another order than several.
    const rounding = tf.getBackend() === 'tensorflow' ? 1e-4 : 1e-5;
    rows.forEach((row, i) => {
      const alone = unroll(policy, [row], 4);
      expect(
        distance(
          alone,
          together.map((step) => [step[i]]),
        ),
      ).toBeLessThan(rounding);
    });
  });

  it('is the same for the same seed, another for another', () => {
    const first = unroll(smallPolicy(options), rows, 3);
    expect(unroll(smallPolicy(options), rows, 3)).toEqual(first);
    expect(distance(unroll(smallPolicy({ ...options, seed: 2 }), rows, 3), first)).toBeGreaterThan(
      0.01,
    );
  });

  it('sees the observation, and goes on thinking', () => {
    const outputs = unroll(make(), rows, 3);
    expect(distance(outputs[0][0], outputs[0][1])).toBeGreaterThan(0.01);
    expect(distance(outputs[0], outputs[1])).toBeGreaterThan(0.01);
    expect(distance(outputs[1], outputs[2])).toBeGreaterThan(0.001);
  });

  it('stays in bounds however long it thinks', () => {
    const outputs = unroll(make(), rows.slice(0, 2), 40).at(-1)!;
    expect(Math.max(...outputs.flat().map(Math.abs))).toBeLessThan(1000);
  });

  it('keeps what does not change out of the loop', () => {
    const policy = make();
    tf.tidy(() => {
      const thought = policy.begin(toTensor(rows));
      const { blocks = 1 } = options;
      expect(thought.context).toHaveLength(options.core === 'latent' ? 2 * blocks : 1);
      expect(thought.shared).toHaveLength(
        options.core === 'full' && options.observationSpace ? blocks : 0,
      );
      for (const { shape } of [thought.z, ...thought.context]) expect(shape[0]).toBe(rows.length);
      const { registers = 0 } = options;
      const tokens = options.observationSpace ? size / 2 : 4;
      expect(thought.z.shape).toEqual([
        rows.length,
        1 + registers + (options.core === 'full' ? tokens : 0),
        8,
      ]);
      const before = thought.context.map((tensor) => tensor.arraySync());
      const next = policy.step(thought);
      expect(next.shape).toEqual(thought.z.shape);
      expect(thought.context.map((tensor) => tensor.arraySync())).toEqual(before);
      expect(policy.step(thought).arraySync()).toEqual(next.arraySync());
      const readouts = tf.slice(next, [0, 0, 0], [-1, 1, -1]);
      expect(policy.lastStep(thought).arraySync()).toEqual(readouts.arraySync());
    });
  });

  it.each([1, 3])('every weight learns from %d steps', (steps) => {
    const policy = make({ actionSpace: box(2) });
    const { grads } = tf.variableGrads(() => {
      let thought = policy.begin(toTensor(rows));
      let loss: tf.Tensor = tf.scalar(0);
      for (let n = 1; n <= steps; n++) {
        thought = { ...thought, z: policy.step(thought) };
        loss = tf.add(loss, tf.sum(tf.square(policy.outputs(thought.z, n))));
      }
      return loss as tf.Scalar;
    });
    for (const { name, variable } of policy.parameters.list) {
      const data = grads[variable.name].dataSync();
      expect(data.every(Number.isFinite), name).toBe(true);
      // The readout has no place: where its tokens look reaches it with the second step.
      if (name === 'core.block0.relative' && steps === 1) continue;
      expect(
        data.some((g) => Math.abs(g) > 1e-6),
        name,
      ).toBe(true);
      if (name !== 'core.initial') continue;
      // Each of the readout and the registers has a say.
      for (let row = 0; row < variable.shape[0]; row++) {
        expect(data.subarray(row * 8, row * 8 + 8).some((g) => Math.abs(g) > 1e-6)).toBe(true);
      }
    }
    policy.dispose();
  });

  it('leaves nothing behind', () => {
    const before = tf.memory().numTensors;
    const policy = make();
    unroll(policy, rows, 2);
    policy.dispose();
    expect(tf.memory().numTensors).toBe(before);
  });
});

describe('the cores', () => {
  it.each(['latent', 'full'] as const)('%s reads a set of tokens in any order', (core) => {
    const observationSpace = new MultiDiscrete(new Array(6).fill(5), { shape: [3, 2], as: 'set' });
    const policy = smallPolicy({ core, observationSpace });
    stir(policy.parameters);
    const [a, b, other] = [
      [0, 1, 2, 3, 4, 4],
      [4, 4, 0, 1, 2, 3],
      [1, 0, 2, 3, 4, 4],
    ].map((row) => unroll(policy, [row], 3));
    expect(distance(a, b)).toBeLessThan(1e-5);
    expect(distance(a, other)).toBeGreaterThan(0.01);
  });

  it.each(['latent', 'full'] as const)('%s tells the cells of a grid apart', (core) => {
    const policy = smallPolicy({ core, observationSpace: grid(3, 1) });
    stir(policy.parameters);
    const corner = unroll(policy, [[1, 0, 0, 0, 0, 0, 0, 0, 0]], 3);
    const middle = unroll(policy, [[0, 0, 0, 0, 1, 0, 0, 0, 0]], 3);
    expect(distance(corner, middle)).toBeGreaterThan(0.001);
  });

  it('full reads a grid of another size with the same weights', async () => {
    const small = smallPolicy({ core: 'full', observationSpace: grid(3) });
    stir(small.parameters);
    const large = smallPolicy({ core: 'full', observationSpace: grid(5), seed: 2 });
    large.parameters.write(await small.parameters.read());
    expect(unroll(large, randomRows(2, 50), 2).flat(2).every(Number.isFinite)).toBe(true);
  });
});

describe('the heads', () => {
  const rows = randomRows(3, 2);

  it('split into distribution, value and halting logit', () => {
    const policy = smallPolicy();
    stir(policy.parameters);
    tf.tidy(() => {
      const outputs = policy.outputs(policy.begin(toTensor(rows)).z, 1);
      const { params, value, haltLogit } = policy.split(outputs);
      const table = outputs.arraySync();
      expect(params.arraySync()).toEqual(table.map((row) => row.slice(0, 3)));
      expect(value.arraySync()).toEqual(table.map((row) => row[3]));
      expect(haltLogit.arraySync()).toEqual(table.map((row) => row[4]));
    });
  });

  it('begin near uniform, with the halting logit at its bias', () => {
    for (const step of unroll(smallPolicy({ haltBias: -1.5 }), rows, 4)) {
      for (const [a, b, c, , halt] of step) {
        expect(halt).toBeCloseTo(-1.5, 6);
        expect(Math.max(Math.abs(a - b), Math.abs(b - c))).toBeLessThan(0.1);
      }
    }
  });

  it('show value and halting the step, each thought its own, and the actions not', () => {
    const policy = smallPolicy();
    stir(policy.parameters);
    set(policy.parameters, 'heads.value', [...new Array(8).fill(0), 2, 3]);
    set(policy.parameters, 'heads.valueBias', 0);
    tf.tidy(() => {
      const { z } = policy.begin(toTensor(rows));
      const own = policy.outputs(z, Float32Array.of(1, 2, 4)).arraySync();
      [1, 2, 4].forEach((n, i) => {
        const all = policy.outputs(z, n).arraySync();
        expect(distance(all[i], own[i])).toBeLessThan(1e-6);
        expect(own[i][3]).toBeCloseTo(2 * Math.log(n) + 3 / n, 5);
      });
      const first = policy.outputs(z, 1).arraySync();
      expect(own.map((row) => row.slice(0, 3))).toEqual(first.map((row) => row.slice(0, 3)));
      expect(own[2][4]).not.toBeCloseTo(first[2][4], 3);
    });
  });

  it('have parameters of their own where the observation does not tell', () => {
    const policy = smallPolicy({ actionSpace: new Box({ shape: [1], low: -1, high: 1 }) });
    set(policy.parameters, 'heads.free', [-0.75]);
    for (const row of unroll(policy, rows, 2).flat()) {
      expect(row).toHaveLength(1 + 1 + 2);
      expect(row[1]).toBe(-0.75);
    }
  });

  it('read the readout alone', () => {
    const policy = smallPolicy({ registers: 2 });
    stir(policy.parameters);
    tf.tidy(() => {
      const { z } = policy.begin(toTensor(rows));
      const readout = tf.slice(z, [0, 0, 0], [-1, 1, -1]);
      const noise = tf.concat([readout, tf.ones([3, 2, 8])], 1) as tf.Tensor3D;
      expect(policy.outputs(noise, 1).arraySync()).toEqual(policy.outputs(z, 1).arraySync());
    });
  });
});

describe('a policy', () => {
  it('refuses heads that do not divide its width', () => {
    expect(() => smallPolicy({ heads: 3 })).toThrow(
      new RangeError('policy.heads: expected a divisor of policy.width = 8, got 3'),
    );
  });

  it('takes an encoder of the developer’s own, with its options', () => {
    const given: unknown[] = [];
    const observationSpace = new Discrete(7);
    const policy = smallPolicy({
      observationSpace,
      encoderOptions: { scale: 3 },
      encoder: (space, width, parameters, options) => {
        given.push(space, width, options);
        const bias = parameters.constant('bias', [width], 0);
        return {
          tokens: 1,
          encode: (rows) =>
            tf.reshape(tf.add(tf.tile(rows, [1, width]), bias), [-1, 1, width]) as tf.Tensor3D,
        };
      },
    });
    expect(given).toEqual([observationSpace, 8, { scale: 3 }]);
    expect(policy.parameters.list[0].name).toBe('encoder.bias');
    expect(unroll(policy, [[2], [5]], 1)[0]).toHaveLength(2);
  });
});

describe('relativeBias', () => {
  const bias = (places: (Place | undefined)[], heads: number, table?: (i: number) => number) => {
    const parameters = new Parameters(Rng.seed(1));
    const make = relativeBias(parameters, places, heads)!;
    if (table) {
      const { size } = parameters.list[0].variable;
      set(
        parameters,
        'relative',
        Array.from({ length: size }, (_, i) => table(i)),
      );
    }
    return tf.tidy(() => make().arraySync());
  };

  const square = (side: number): Place[] =>
    Array.from({ length: side * side }, (_, i) => [Math.floor(i / side), i % side]);

  it('begins with each head at one neighbour, falling off from there', () => {
    const heads = bias(square(3), 5);
    // What the middle of the square sees: north, east, south and west of it, and north again.
    [1, 5, 7, 3, 1].forEach((neighbor, h) => {
      const seen = heads[h][4];
      expect(seen[neighbor]).toBe(0);
      expect(seen[4]).toBe(-4);
      expect(seen[8 - neighbor]).toBe(-8);
      expect(Math.max(...seen.filter((_, cell) => cell !== neighbor))).toBe(-4);
    });
  });

  it('begins even for tokens without a place, and looks less at them', () => {
    const [head] = bias([undefined, [0, 0], [1, 0]], 1);
    expect(head[0]).toEqual([0, 0, 0]);
    expect([head[1][0], head[2][0]]).toEqual([-4, -4]);
  });

  it('counts no further than three cells an axis', () => {
    const [head] = bias(
      [
        [0, 0],
        [9, 2],
        [3, 2],
        [2, 2],
      ],
      1,
      (i) => i,
    );
    expect(head[0][1]).toBe(head[0][2]);
    expect(head[0][1]).not.toBe(head[0][3]);
  });

  it('knows direction, and whether a token has a place', () => {
    // The table holds its own index, so that the bias tells which entry was taken.
    const [head] = bias([undefined, [0, 0], [1, 0], [0, 2]], 1, (i) => i);
    const entry = (rows: number, columns: number) => (rows + 3) * 7 + columns + 3;
    const [from, to] = [49, 50];
    expect(head).toEqual([
      [from, from, from, from],
      [to, entry(0, 0), entry(1, 0), entry(0, 2)],
      [to, entry(-1, 0), entry(0, 0), entry(-1, 2)],
      [to, entry(0, -2), entry(1, -2), entry(0, 0)],
    ]);
  });

  it('is the same table for any size', () => {
    const [small] = bias(square(2), 1, (i) => i);
    const [large] = bias(square(3), 1, (i) => i);
    expect(small[0][3]).toBe(large[0][4]);
    expect(small[3][0]).toBe(large[4][0]);
  });

  it('is none where no token has a place', () => {
    const parameters = new Parameters(Rng.seed(1));
    expect(relativeBias(parameters, [undefined, undefined], 1)).toBeUndefined();
    expect(parameters.list).toEqual([]);
  });
});
