import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { loadBackend, Rng } from '../../../src/kernels/index.ts';
import { Parameters } from '../../../src/policy/index.ts';
import { backends } from '../../support/backends.ts';

beforeAll(() => loadBackend(backends('wasm')[0]));

describe('Parameters', () => {
  let parameters: Parameters;

  beforeEach(() => {
    parameters = new Parameters(Rng.seed(1));
    parameters.normal('a', [3, 2]);
    parameters.scope('core').scope('block').constant('gain', [2], 0.5);
  });

  it('names weights by scope, in one list', () => {
    expect(parameters.list.map(({ name }) => name)).toEqual(['a', 'core.block.gain']);
    expect(parameters.size).toBe(8);
  });

  it('refuses a name twice', () => {
    expect(() => parameters.constant('a', [1], 0)).toThrow(
      'expected a new name, got "a", the name of another variable',
    );
    const core = parameters.scope('core');
    expect(() => core.scope('block').constant('gain', [2], 0)).toThrow(
      'expected a new name, got "core.block.gain"',
    );
  });

  it('are told apart where scopes with dots make the same name', async () => {
    parameters.scope('core.block').constant('gain', [2], 1);
    parameters.constant('core.block.gain', [2], 2);
    parameters.scope('core.block').constant('bias', [1], 3);
    const values = Object.entries(await parameters.read()).slice(1);
    expect(values.map(([name, { data }]) => [name, data[0]])).toEqual([
      ['core.block.gain', 0.5],
      ['core.block.gain~2', 1],
      ['core.block.gain~3', 2],
      ['core.block.bias', 3],
    ]);
  });

  it('refuse at once what could not be trained, with size and limit', () => {
    expect(() => parameters.scope('encoder').normal('table0', [2 ** 24, 48])).toThrow(
      'policy: expected at most 67,108,864 numbers in encoder.table0, got 16777216 × 48 = 805,306,368; ' +
        'lower policy.width, or make the observation and action spaces smaller',
    );
  });

  it('are the same for the same seed', async () => {
    const again = new Parameters(Rng.seed(1));
    again.normal('a', [3, 2]);
    expect((await again.read()).a).toEqual((await parameters.read()).a);
    const other = new Parameters(Rng.seed(2));
    other.normal('a', [3, 2]);
    expect((await other.read()).a).not.toEqual((await parameters.read()).a);
  });

  it('begin as asked', async () => {
    parameters.identity('eye', 2);
    parameters.filled('filled', [2, 2], (i) => i);
    parameters.normal('wide', [2500, 2]);
    const { eye, filled, wide } = await parameters.read();
    expect([...eye.data]).toEqual([1, 0, 0, 1]);
    expect([...filled.data]).toEqual([0, 1, 2, 3]);
    const variance = wide.data.reduce((sum, x) => sum + x * x, 0) / wide.data.length;
    expect(Math.sqrt(variance) * 50).toBeCloseTo(1, 1);
  });

  it('read copies, write sets', async () => {
    const before = await parameters.read();
    before.a.data[0] = 42;
    expect((await parameters.read()).a.data[0]).not.toBe(42);
    parameters.write(before);
    expect((await parameters.read()).a).toEqual(before.a);
  });

  it.each<[string, (t: Record<string, unknown>) => void]>([
    ['weights: expected a tensor "core.block.gain", got none', (t) => delete t['core.block.gain']],
    [
      'weights: expected tensors of the policy, got an unknown one, "b"',
      (t) => Object.assign(t, { b: t.a }),
    ],
    [
      'weights: tensor "core.block.gain": expected shape [2], got [1]',
      (t) => Object.assign(t, { 'core.block.gain': { shape: [1], data: Float32Array.of(1) } }),
    ],
  ])('write refuses: %s, and sets nothing', async (message, spoil) => {
    const before = await parameters.read();
    const tensors = await parameters.read();
    tensors.a.data.fill(9);
    spoil(tensors);
    expect(() => parameters.write(tensors)).toThrow(message);
    expect(await parameters.read()).toEqual(before);
  });

  it('leave nothing behind', () => {
    parameters.dispose();
    const before = tf.memory().numTensors;
    const own = new Parameters(Rng.seed(3));
    own.normal('a', [3, 2]);
    own.identity('b', 3);
    own.dispose();
    expect(tf.memory().numTensors).toBe(before);
    expect(own.list).toEqual([]);
  });
});
