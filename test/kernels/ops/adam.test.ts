import * as tf from '@tensorflow/tfjs-core';
import { afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { Adam, loadBackend, NonFiniteError } from '../../../src/kernels/index.ts';
import { backends } from '../../support/backends.ts';

const options = { beta1: 0.9, beta2: 0.999, epsilon: 1e-8 };
const values = async (variable: tf.Variable) => [...(await variable.data())];

describe.each(backends('cpu', 'wasm', 'simd'))('Adam on %s', (backend) => {
  let w: tf.Variable;
  let b: tf.Variable;
  const named = () => [
    { name: 'w', variable: w },
    { name: 'b', variable: b },
  ];
  beforeAll(async () => {
    await loadBackend(backend);
  });
  beforeEach(() => {
    w = tf.variable(tf.tensor([[1, -2]]));
    b = tf.variable(tf.tensor([0.5]));
  });
  afterEach(() => tf.dispose([w, b]));

  it('moves each parameter by the learning rate at the first step', async () => {
    const adam = new Adam(named(), options);
    const { gradNorm } = await adam.step(
      { w: Float32Array.of(3, -4), b: Float32Array.of(12) },
      0.1,
      Number.POSITIVE_INFINITY,
    );
    expect(gradNorm).toBe(13);
    const [w0, w1] = await values(w);
    expect(w0).toBeCloseTo(0.9, 5);
    expect(w1).toBeCloseTo(-1.9, 5);
    expect((await values(b))[0]).toBeCloseTo(0.4, 5);
  });

  it('gives the second step of a hand calculation', async () => {
    const adam = new Adam(named(), { beta1: 0.5, beta2: 0.75, epsilon: 0.25 });
    await adam.step({ w: Float32Array.of(1, 0) }, 0.1, 100);
    // m = 0.5, v = 0.25; corrected 1 and 1; step 0.1 · 1/(1 + 0.25) = 0.08.
    expect((await values(w))[0]).toBeCloseTo(0.92, 6);
    await adam.step({ w: Float32Array.of(3, 0) }, 0.1, 100);
    // m = 0.25 + 1.5 = 1.75, v = 0.1875 + 2.25 = 2.4375; corrected 1.75/0.75 and 2.4375/0.4375.
    const step = (0.1 * (1.75 / 0.75)) / (Math.sqrt(2.4375 / 0.4375) + 0.25);
    expect((await values(w))[0]).toBeCloseTo(0.92 - step, 6);
    expect((await values(w))[1]).toBe(-2);
    expect(await values(b)).toEqual([0.5]);
    const { step: count, m, v } = await adam.state();
    expect([count, ...m, ...v]).toEqual([2, 1.75, 0, 0, 2.4375, 0, 0]);
  });

  it('clips the global norm, over all variables together', async () => {
    const adam = new Adam(named(), { beta1: 0, beta2: 0, epsilon: 1 });
    const { gradNorm } = await adam.step(
      { w: Float32Array.of(3, 0), b: Float32Array.of(4) },
      1,
      0.5,
    );
    expect(gradNorm).toBe(5);
    // Clipped to 0.3 and 0.4; with both decays 0 the step is g / (|g| + 1).
    expect((await values(w))[0]).toBeCloseTo(1 - 0.3 / 1.3, 6);
    expect((await values(b))[0]).toBeCloseTo(0.5 - 0.4 / 1.4, 6);
  });

  it('takes tensors and typed arrays alike, and leaves no tensor behind', async () => {
    const [first, second] = [new Adam(named(), options), new Adam(named(), options)];
    const gradients = { w: tf.tensor([[0.2, 0.3]]), b: tf.tensor([-1]) };
    const before = tf.memory().numTensors;
    await first.step(gradients, 0.1, 1);
    expect(tf.memory().numTensors).toBe(before);
    const after = await values(w);
    w.assign(tf.tensor([[1, -2]]));
    b.assign(tf.tensor([0.5]));
    await second.step({ w: Float32Array.of(0.2, 0.3), b: Float32Array.of(-1) }, 0.1, 1);
    expect(await values(w)).toEqual(after);
    expect(await gradients.w.data()).toEqual(Float32Array.of(0.2, 0.3));
  });

  it('works on parameters as they are, also when others have set them', async () => {
    const adam = new Adam(named(), options);
    await adam.step({ b: Float32Array.of(1) }, 0.1, 1);
    b.assign(tf.tensor([100]));
    await adam.step({ b: Float32Array.of(1) }, 0.1, 1);
    expect((await values(b))[0]).toBeCloseTo(99.9, 4);
  });

  it('continues exactly from a state', async () => {
    const gradient = (i: number) => ({
      w: Float32Array.of(Math.sin(i), i),
      b: Float32Array.of(-i),
    });
    const adam = new Adam(named(), options);
    for (let i = 1; i < 4; i++) await adam.step(gradient(i), 0.01, 1);
    const state = await adam.state();
    const parameters = [await values(w), await values(b)];
    for (let i = 4; i < 7; i++) await adam.step(gradient(i), 0.01, 1);
    const expected = [await values(w), await values(b)];

    w.assign(tf.tensor([parameters[0]]));
    b.assign(tf.tensor(parameters[1]));
    const resumed = new Adam(named(), options);
    resumed.restore(state);
    for (let i = 4; i < 7; i++) await resumed.step(gradient(i), 0.01, 1);
    expect([await values(w), await values(b)]).toEqual(expected);
    expect(await resumed.state()).toEqual(await adam.state());
  });

  it.each([Number.NaN, Number.POSITIVE_INFINITY])(
    'refuses a gradient of %s and changes nothing',
    async (bad) => {
      const adam = new Adam(named(), options);
      await adam.step({ b: Float32Array.of(1) }, 0.1, 1);
      const before = [await values(w), await values(b), await adam.state()];
      const step = adam.step({ w: Float32Array.of(1, 1), b: Float32Array.of(bad) }, 0.1, 1);
      await expect(step).rejects.toThrow(NonFiniteError);
      await expect(step).rejects.toThrow('gradient of b is not finite');
      expect([await values(w), await values(b), await adam.state()]).toEqual(before);
    },
  );

  it('names what does not fit', async () => {
    const adam = new Adam(named(), options);
    await expect(adam.step({ c: Float32Array.of(1) }, 0.1, 1)).rejects.toThrow(
      'no variable is named c',
    );
    await expect(adam.step({ b: Float32Array.of(1, 2) }, 0.1, 1)).rejects.toThrow(
      'gradient of b must have 1 numbers, got 2',
    );
    expect(() => adam.restore({ step: 1, m: new Float32Array(2), v: new Float32Array(3) })).toThrow(
      'must hold 3 numbers in m and v, got 2 and 3',
    );
    const twice = [
      { name: 'w', variable: w },
      { name: 'w', variable: b },
    ];
    expect(() => new Adam(twice, options)).toThrow('unique');
  });
});
