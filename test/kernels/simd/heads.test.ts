import type * as tf from '@tensorflow/tfjs-core';
import { describe, expect, it } from 'vitest';
import { type HeadWeights, heads, loadBackend, STEP_FEATURES } from '../../../src/kernels/index.ts';
import { evaluate, expectClose, type Fn, type Numbers, normal } from '../../support/numeric.ts';

interface Case {
  N: number;
  R: number;
  D: number;
  /** Action parameters. */
  A: number;
  /** Free ones. */
  F?: number;
}

const cases: Case[] = [
  { N: 1, R: 1, D: 4, A: 1 },
  { N: 3, R: 2, D: 4, A: 2, F: 2 },
  { N: 5, R: 1, D: 8, A: 5 },
  { N: 4, R: 8, D: 64, A: 6, F: 1 },
  { N: 300, R: 3, D: 36, A: 2 },
  { N: 9, R: 2, D: 48, A: 200 },
  // Not for the kernel: widths that are no multiple of four, more weights than it takes.
  { N: 1, R: 1, D: 1, A: 1 },
  { N: 3, R: 2, D: 3, A: 2, F: 2 },
  { N: 5, R: 1, D: 7, A: 5 },
  { N: 300, R: 3, D: 33, A: 2 },
  { N: 2, R: 1, D: 16, A: 5000 },
];

function inputs({ N, R, D, A, F }: Case): Record<string, Numbers> {
  return {
    z: normal('z', N, R, D),
    gain: normal('gain', D),
    action: normal('action', D, A),
    actionBias: normal('actionBias', A),
    ...(F && { free: normal('free', F) }),
    value: normal('value', D + STEP_FEATURES, 1),
    valueBias: normal('valueBias', 1),
    halt: normal('halt', D + STEP_FEATURES, 1),
    haltBias: normal('haltBias', 1),
  };
}

const spoken =
  (names: string[], n: number | number[]): Fn =>
  (...tensors) => {
    const { z, ...weights } = Object.fromEntries(names.map((name, i) => [name, tensors[i]]));
    return heads(z as tf.Tensor, n, weights as unknown as HeadWeights);
  };

describe('heads on simd are what they are in plain operations, with their gradients', () => {
  it.each(cases.map((given) => [JSON.stringify(given), given] as const))('%s', async (_, given) => {
    const named = inputs(given);
    const n = Array.from({ length: given.N }, (_, i) => 1 + (i % 7));
    const f = spoken(Object.keys(named), n);
    await loadBackend('cpu');
    const expected = await evaluate(f, Object.values(named));
    for (const threads of [1, 2]) {
      await loadBackend('simd', { threads });
      expectClose(await evaluate(f, Object.values(named)), expected, 1e-5);
    }
  });

  it('have hand-computed values', async () => {
    await loadBackend('simd');
    const column = (...values: number[]) => ({
      shape: [values.length, 1],
      values: Float32Array.from(values),
    });
    const row = (...values: number[]) => ({ ...column(...values), shape: [values.length] });
    const named = {
      // The norm of (3, 4) is √12.5; the second token is not read.
      z: { shape: [1, 2, 2], values: Float32Array.of(3, 4, 100, 100) },
      gain: row(1, 2),
      action: column(1, 1),
      actionBias: row(0.5),
      free: row(-7),
      value: column(1, 0, 10, 100),
      valueBias: row(1),
      halt: column(0, 1, 0, 1),
      haltBias: row(2),
    };
    const [y] = await evaluate(spoken(Object.keys(named), 2), Object.values(named));
    const [a, b] = [3 / Math.sqrt(12.5), 8 / Math.sqrt(12.5)];
    const wanted = [a + b + 0.5, -7, a + 10 * Math.LN2 + 50 + 1, b + 0.5 + 2];
    wanted.forEach((value, i) => {
      expect(y.values[i]).toBeCloseTo(value, 4);
    });
  });

  it('say nothing of no states', async () => {
    await loadBackend('simd');
    const named = inputs({ N: 0, R: 2, D: 4, A: 3 });
    const [y, dz, ...gradients] = await evaluate(
      spoken(Object.keys(named), 1),
      Object.values(named),
    );
    expect(y.shape).toEqual([0, 5]);
    expect(dz.shape).toEqual([0, 2, 4]);
    for (const { values } of gradients) expect(values.every((x) => x === 0)).toBe(true);
  });
});
