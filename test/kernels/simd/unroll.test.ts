import * as tf from '@tensorflow/tfjs-core';
import { describe, expect, it } from 'vitest';
import {
  ABSENT,
  type BlockWeights,
  loadBackend,
  loopStep,
  unroll,
} from '../../../src/kernels/index.ts';
import {
  evaluate,
  expectClose,
  type Fn,
  type Numbers,
  normal,
  toTensor,
} from '../../support/numeric.ts';

interface Case {
  reach: number[];
  R: number;
  /** Keys of the context. */
  S: number;
  H: number;
  D: number;
  F: number;
  blocks?: number;
  own?: boolean;
  bias?: boolean;
  mix?: boolean;
  /** Keys of no one: every third, and all of the first element. */
  mask?: boolean;
  /** One step, whose value is the whole state. */
  step?: boolean;
}

const cases: Case[] = [
  { reach: [5], R: 1, S: 7, H: 2, D: 12, F: 12 },
  { reach: [70, 33, 1], R: 1, S: 19, H: 2, D: 48, F: 96 },
  { reach: [4, 4, 0], R: 1, S: 1, H: 1, D: 4, F: 4 },
  { reach: [3, 2], R: 3, S: 4, H: 3, D: 12, F: 8, own: true, blocks: 2 },
  { reach: [17, 9, 3, 1], R: 8, S: 0, H: 4, D: 64, F: 256, own: true, mix: true },
  { reach: [2, 1], R: 11, S: 0, H: 4, D: 32, F: 64, own: true, bias: true, mix: true, blocks: 3 },
  { reach: [2, 2], R: 70, S: 0, H: 1, D: 8, F: 12, own: true, bias: true },
  { reach: [3], R: 66, S: 5, H: 2, D: 8, F: 4, own: true, bias: true, mix: true },
  {
    reach: [40, 21, 20, 20, 7, 1],
    R: 5,
    S: 0,
    H: 2,
    D: 24,
    F: 20,
    own: true,
    bias: true,
    mix: true,
  },
  { reach: [30, 11], R: 2, S: 3, H: 2, D: 12, F: 12, own: true, blocks: 2, mix: true },
  { reach: [3], R: 2, S: 0, H: 2, D: 12, F: 8, own: true, mix: true, step: true },
  { reach: [33], R: 1, S: 6, H: 1, D: 8, F: 8, step: true },
  { reach: [21], R: 4, S: 2, H: 2, D: 8, F: 12, own: true, bias: true, blocks: 2, step: true },
  { reach: [70, 33, 1], R: 1, S: 19, H: 2, D: 48, F: 96, mask: true },
  { reach: [30, 11], R: 2, S: 3, H: 2, D: 12, F: 12, own: true, blocks: 2, mix: true, mask: true },
  { reach: [9, 3], R: 5, S: 0, H: 2, D: 24, F: 20, own: true, bias: true, mix: true, mask: true },
  { reach: [7], R: 4, S: 2, H: 2, D: 8, F: 12, own: true, blocks: 2, mask: true, step: true },
  { reach: [5, 3], R: 3, S: 0, H: 4, D: 256, F: 300, own: true, mix: true },
  // Not for the fused kernels: widths that are no multiple of four, too wide, tokens that do not see one another.
  { reach: [5], R: 1, S: 7, H: 2, D: 12, F: 10 },
  { reach: [4, 4, 0], R: 1, S: 1, H: 1, D: 1, F: 1 },
  { reach: [3, 2], R: 3, S: 4, H: 3, D: 9, F: 7, own: true, blocks: 2 },
  { reach: [30, 11], R: 2, S: 3, H: 2, D: 10, F: 12, own: true, blocks: 2, mix: true },
  { reach: [3, 1], R: 2, S: 3, H: 2, D: 258, F: 12, own: true },
  { reach: [3, 1], R: 2, S: 3, H: 2, D: 16, F: 12 },
  { reach: [3, 2], R: 3, S: 4, H: 3, D: 9, F: 7, own: true, bias: true, mask: true },
];

const scaled = (size: number, { shape, values }: Numbers): Numbers => ({
  shape,
  values: values.map((x) => x / Math.sqrt(size)),
});

function inputs({ reach, R, S, H, D, F, ...given }: Case): Record<string, Numbers> {
  const [B, T] = [reach[0], S + (given.own ? R : 0)];
  const numbers: Record<string, Numbers> = { z: normal('z', B, R, D), gain: normal('gain', D) };
  if (given.mix) {
    numbers.keep = scaled(D, normal('keep', D, D));
    numbers.inject = normal('inject', B, R, D);
  }
  for (let i = 0; i < (given.blocks ?? 1); i++) {
    const add = (name: string, size: number, ...shape: number[]) => {
      numbers[`${name}${i}`] = scaled(size, normal(`${name}${i}`, ...shape));
    };
    if (S > 0) for (const name of ['k', 'v']) add(name, 1, B, S, D);
    if (given.bias) add('bias', 1, H, R, T);
    const gains = ['attentionBefore', 'attentionAfter', 'forwardBefore', 'forwardAfter'];
    for (const name of gains) add(name, 1, D);
    for (const name of ['query', 'out']) add(name, D, D, D);
    add('inner', D, D, F);
    add('innerBias', 1, F);
    add('outer', F, F, D);
    if (given.own) for (const name of ['key', 'value']) add(name, D, D, D);
  }
  return numbers;
}

function maskOf({ reach: [B], R, S, own }: Case): tf.Tensor2D {
  const T = S + (own ? R : 0);
  const absent = Array.from({ length: B * T }, (_, i) => (i < T || i % 3 === 0 ? ABSENT : 0));
  return tf.tensor2d(absent, [B, T]);
}

function unrolled(given: Case, names: string[]): Fn {
  const { reach, H, blocks = 1, step } = given;
  return (...tensors) => {
    const t = Object.fromEntries(names.map((name, i) => [name, tensors[i]]));
    const mix = t.keep && { keep: t.keep, inject: t.inject };
    const loop = Array.from({ length: blocks }, (_, i) => {
      const own = Object.entries(t).filter(([name]) => name.endsWith(`${i}`));
      const block: Record<string, tf.Tensor> = Object.fromEntries(
        own.map(([name, tensor]) => [name.slice(0, -1), tensor]),
      );
      const { k, v, bias, ...weights } = block;
      return { weights: weights as unknown as BlockWeights, context: k && { k, v }, bias };
    });
    const mask = given.mask ? maskOf(given) : undefined;
    const whole = { gain: t.gain, mix, blocks: loop, heads: H, mask };
    return step ? loopStep(t.z, whole) : unroll(t.z, whole, reach);
  };
}

describe('unroll on simd is what it is in plain operations, with its gradients', () => {
  it.each(cases.map((given) => [JSON.stringify(given), given] as const))('%s', async (_, given) => {
    const named = inputs(given);
    const f = unrolled(given, Object.keys(named));
    await loadBackend('cpu');
    const expected = await evaluate(f, Object.values(named));
    for (const threads of [1, 2]) {
      await loadBackend('simd', { threads });
      expectClose(await evaluate(f, Object.values(named)), expected, 2e-5);
    }
  });
});

describe('unroll on simd', () => {
  it.each(cases.map((given) => [JSON.stringify(given), given] as const))(
    'is the same where no gradient is asked for: %s',
    async (_, given) => {
      const named = inputs(given);
      const f = unrolled(given, Object.keys(named));
      for (const threads of [1, 3]) {
        await loadBackend('simd', { threads });
        const tensors = Object.values(named).map(toTensor);
        const alone = tf.tidy(() => f(...tensors));
        const dy = tf.ones(alone.shape);
        const { value, grads } = tf.valueAndGrads((...xs: tf.Tensor[]) => f(...xs))(tensors, dy);
        expect(Array.from(await alone.data())).toEqual(Array.from(await value.data()));
        tf.dispose([alone, dy, value, grads, tensors]);
      }
    },
  );

  it.each(cases.filter(({ step }) => step).map((given) => [JSON.stringify(given), given] as const))(
    'makes the readouts alone as it makes them with the state: %s',
    async (_, given) => {
      const named = inputs(given);
      await loadBackend('simd');
      const tensors = Object.values(named).map(toTensor);
      const state = unrolled(given, Object.keys(named))(...tensors);
      const readouts = unrolled({ ...given, step: false }, Object.keys(named))(...tensors);
      const first = tf.slice(state, [0, 0, 0], [-1, 1, -1]);
      expect(Array.from(await readouts.data())).toEqual(Array.from(await first.data()));
      tf.dispose([state, readouts, first, tensors]);
    },
  );
});
