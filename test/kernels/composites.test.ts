import type * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, it } from 'vitest';
import {
  attention,
  type BlockWeights,
  linear,
  loadBackend,
  rmsNorm,
  transformerBlock,
  unroll,
} from '../../src/kernels/index.ts';
import { backends } from '../support/backends.ts';
import * as double from '../support/double.ts';
import { evaluate, expectClose, type Fn, type Numbers, normal } from '../support/numeric.ts';

interface Case {
  f: Fn;
  twin: (...args: double.Doubles[]) => double.Doubles;
  args: Numbers[];
}

/** Sizes of a small loop. */
interface Sizes {
  reach: number[];
  R: number;
  /** Keys of the context. */
  S: number;
  H: number;
  D: number;
  F: number;
  blocks: number;
  own: boolean;
  bias: boolean;
  mix: boolean;
}

function loopArguments({ reach, R, S, H, D, F, blocks, own, bias, mix }: Sizes) {
  const B = reach[0];
  const named: Record<string, Numbers> = { z: normal('z', B, R, D), gain: normal('gain', D) };
  if (mix) Object.assign(named, { keep: normal('keep', D, D), inject: normal('inject', B, R, D) });
  for (let i = 0; i < blocks; i++) {
    const shapes: Record<string, number[]> = {
      ...(S > 0 && { k: [B, S, D], v: [B, S, D] }),
      ...(bias && { bias: [H, R, S + (own ? R : 0)] }),
      ...{ attentionBefore: [D], attentionAfter: [D], forwardBefore: [D], forwardAfter: [D] },
      ...{ query: [D, D], out: [D, D], inner: [D, F], innerBias: [F], outer: [F, D] },
      ...(own && { key: [D, D], value: [D, D] }),
    };
    for (const [name, shape] of Object.entries(shapes)) {
      named[name + i] = normal(name + i, ...shape);
    }
  }
  return named;
}

/** A block's tensors, of all that are named. */
function blockOf(named: Record<string, tf.Tensor>, i: number) {
  const own = Object.entries(named).filter(([name]) => name.endsWith(String(i)));
  const { k, v, bias, ...weights } = Object.fromEntries(
    own.map(([name, tensor]) => [name.slice(0, -1), tensor]),
  );
  return { weights: weights as unknown as BlockWeights, context: k && { k, v }, bias };
}

const byName = <T>(names: readonly string[], values: readonly T[]): Record<string, T> =>
  Object.fromEntries(names.map((name, i) => [name, values[i]]));

function unrollCase(sizes: Sizes): Case {
  const args = loopArguments(sizes);
  const names = Object.keys(args);
  const { reach, H, blocks } = sizes;
  return {
    f: (...tensors) => {
      const t = byName(names, tensors);
      const mix = t.keep && { keep: t.keep, inject: t.inject };
      const stack = Array.from({ length: blocks }, (_, i) => blockOf(t, i));
      return unroll(t.z, { gain: t.gain, mix, blocks: stack, heads: H }, reach);
    },
    twin: (...values) => double.unroll(byName(names, values), blocks, H, reach),
    args: Object.values(args),
  };
}

function blockCase(sizes: Omit<Sizes, 'blocks' | 'mix'>): Case {
  const { gain: _, ...args } = loopArguments({ ...sizes, blocks: 1, mix: false });
  const names = Object.keys(args);
  return {
    f: (...tensors) => {
      const t = byName(names, tensors);
      return transformerBlock(t.z, blockOf(t, 0), sizes.H);
    },
    twin: (...values) => {
      const t = byName(names, values);
      return double.transformerBlock(t.z, t, 0, sizes.H);
    },
    args: Object.values(args),
  };
}

const small = { R: 2, H: 2, D: 4, F: 3 };
const cases: Record<string, Case> = {
  linear: {
    f: (x, w, b) => linear(x, w, b),
    twin: double.linear,
    args: [normal('x', 3, 2, 4), normal('w', 4, 5), normal('b', 5)],
  },
  rmsNorm: {
    f: (x, gain) => rmsNorm(x, gain),
    twin: (x, gain) => double.rmsNorm(x, gain),
    args: [normal('x', 3, 5), normal('gain', 5)],
  },
  attention: {
    f: (q, k, v, bias) => attention(q, k, v, 2, bias),
    twin: (q, k, v, bias) => double.attention(q, k, v, 2, bias),
    args: [normal('q', 2, 3, 4), normal('k', 2, 5, 4), normal('v', 2, 5, 4), normal('b', 2, 3, 5)],
  },
  'attention of many queries, without bias': {
    f: (q, k, v) => attention(q, k, v, 1),
    twin: (q, k, v) => double.attention(q, k, v, 1),
    args: [normal('q', 1, 9, 3), normal('k', 1, 2, 3), normal('v', 1, 2, 3)],
  },
  'transformerBlock on a context': blockCase({
    ...small,
    reach: [3],
    S: 3,
    own: false,
    bias: false,
  }),
  'transformerBlock on a context and one another': blockCase({
    ...small,
    ...{ reach: [2], S: 2, own: true, bias: true },
  }),
  'unroll, latent': unrollCase({
    ...{ ...small, R: 1, reach: [4, 2, 1], S: 3 },
    ...{ blocks: 1, own: false, bias: false, mix: false },
  }),
  'unroll, full': unrollCase({
    ...{ ...small, reach: [3, 3, 1], S: 0 },
    ...{ blocks: 2, own: true, bias: true, mix: true },
  }),
};

describe.each(backends('cpu', 'wasm', 'simd'))('on %s', (backend) => {
  beforeAll(async () => {
    await loadBackend(backend);
  });

  it.each(Object.entries(cases))(
    '%s: the value of its twin in float64, and the gradients of its differences',
    async (_, { f, twin, args }) => {
      const dy = (shape: readonly number[]) => normal('dy', ...shape).values;
      const expected = double.differences(twin, args.map(double.toDoubles), dy);
      // Rounding grows from depth to depth; a wrong term would show in the first digits.
      expectClose(await evaluate(f, args), expected, 2e-4);
    },
  );
});

describe('the differences', () => {
  it('are exact to the digits of float32', () => {
    const x: double.Doubles = { shape: [2], values: Float64Array.of(0.3, -1.2) };
    const cube = (x: double.Doubles) => ({ ...x, values: x.values.map((v) => v ** 3) });
    const [value, gradient] = double.differences(cube, [x], () => [1, 2]);
    expect([...value.values]).toEqual([0.3 ** 3, (-1.2) ** 3].map(Math.fround));
    for (const [i, want] of [3 * 0.3 ** 2, 6 * 1.2 ** 2].entries()) {
      expect(Math.abs(gradient.values[i] - want)).toBeLessThan(1e-6);
    }
    expect([...x.values]).toEqual([0.3, -1.2]);
  });
});
