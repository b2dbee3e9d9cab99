import * as tf from '@tensorflow/tfjs-core';
import { describe, expect, it } from 'vitest';
import {
  ABSENT,
  arenaUsed,
  type BlockWeights,
  loadBackend,
  loopStep,
  type Memory,
  type Ranges,
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
  /** How many rows of a shared table the elements attend to, over and over. */
  rows?: number[];
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
  { reach: [5], R: 1, S: 0, H: 2, D: 12, F: 12, rows: [3, 1, 4, 6] },
  { reach: [70, 33, 1], R: 1, S: 0, H: 2, D: 48, F: 96, rows: [64, 1, 9, 33, 32], blocks: 2 },
  { reach: [70, 33, 1], R: 1, S: 4, H: 2, D: 48, F: 96, rows: [17, 0, 1, 8, 30], mask: true },
  { reach: [9, 3], R: 1, S: 2, H: 3, D: 12, F: 8, own: true, bias: true, rows: [4, 0, 7] },
  { reach: [3, 2], R: 3, S: 4, H: 3, D: 12, F: 8, own: true, blocks: 2, rows: [2, 5, 0] },
  { reach: [9, 3], R: 5, S: 0, H: 2, D: 24, F: 20, own: true, bias: true, mix: true, rows: [5, 8] },
  {
    reach: [21, 10, 10],
    R: 4,
    S: 2,
    H: 2,
    D: 8,
    F: 12,
    own: true,
    bias: true,
    mask: true,
    mix: true,
    blocks: 3,
    rows: [3, 0, 12, 5],
  },
  { reach: [5, 2], R: 1, S: 3, H: 1, D: 4, F: 4, bias: true, rows: [700, 0, 1, 699] },
  { reach: [2, 1], R: 66, S: 0, H: 2, D: 8, F: 12, own: true, bias: true, rows: [530, 0] },
  { reach: [1], R: 1, S: 0, H: 2, D: 8, F: 8, rows: [1100] },
  { reach: [33], R: 1, S: 0, H: 1, D: 8, F: 8, rows: [9, 2], step: true },
  { reach: [7], R: 4, S: 2, H: 2, D: 8, F: 12, own: true, blocks: 2, rows: [6, 0], step: true },
  // Not for the fused kernels: widths that are no multiple of four, too wide, tokens that do not see one another.
  { reach: [5], R: 1, S: 7, H: 2, D: 12, F: 10 },
  { reach: [4, 4, 0], R: 1, S: 1, H: 1, D: 1, F: 1 },
  { reach: [3, 2], R: 3, S: 4, H: 3, D: 9, F: 7, own: true, blocks: 2 },
  { reach: [30, 11], R: 2, S: 3, H: 2, D: 10, F: 12, own: true, blocks: 2, mix: true },
  { reach: [3, 1], R: 2, S: 3, H: 2, D: 258, F: 12, own: true },
  { reach: [3, 1], R: 2, S: 3, H: 2, D: 16, F: 12 },
  { reach: [3, 2], R: 3, S: 4, H: 3, D: 9, F: 7, own: true, bias: true, mask: true },
  { reach: [3, 2], R: 3, S: 4, H: 3, D: 9, F: 7, own: true, mask: true, rows: [5, 0] },
];

/** Rows of the table beyond the longest range, and distances beyond those that occur. */
const [SPARE, UNUSED] = [5, 2];

function rangesOf({ reach: [B], rows = [] }: Case, first = 0): Ranges {
  const table = Math.max(...rows) + SPARE;
  const lengths = Int32Array.from({ length: B }, (_, i) => rows[(first + i) % rows.length]);
  const begin = lengths.map((length, i) => (3 * (first + i)) % (table - length + 1));
  return { begin, end: begin.map((row, i) => row + lengths[i]) };
}

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
    if (given.rows) {
      const longest = Math.max(...given.rows);
      for (const name of ['K', 'V']) add(name, 1, longest + SPARE, D);
      add('far', 1, H, longest + UNUSED);
    }
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

function maskOf({ reach: [B], R, S, own }: Case, first = 0): tf.Tensor2D {
  const T = S + (own ? R : 0);
  const isAbsent = (i: number) => i < T || i % 3 === 0;
  const absent = Array.from({ length: B * T }, (_, i) => (isAbsent(first * T + i) ? ABSENT : 0));
  return tf.tensor2d(absent, [B, T]);
}

/** The tolerance of no difference at all; `toEqual` takes seconds for so many numbers. */
const EXACT = Number.MIN_VALUE;

/** Tensors with a row for each element of the batch, by name. */
const PER_ELEMENT = /^(z|inject|[kv]\d)$/;

/** @param element the only element of the batch that the tensors have; default: all */
function unrolled(given: Case, names: string[], element?: number): Fn {
  const { reach, H, blocks = 1, step } = given;
  return (...tensors) => {
    const t = Object.fromEntries(names.map((name, i) => [name, tensors[i]]));
    const mix = t.keep && { keep: t.keep, inject: t.inject };
    const loop = Array.from({ length: blocks }, (_, i) => {
      const own = Object.entries(t).filter(([name]) => name.endsWith(`${i}`));
      const block: Record<string, tf.Tensor> = Object.fromEntries(
        own.map(([name, tensor]) => [name.slice(0, -1), tensor]),
      );
      const { k, v, bias, K, V, far, ...weights } = block;
      const memory: Memory | undefined = K && { k: K, v: V, bias: far };
      return { weights: weights as unknown as BlockWeights, context: k && { k, v }, bias, memory };
    });
    const mask = given.mask ? maskOf(given, element) : undefined;
    const ranges = given.rows && rangesOf(given, element);
    const whole = { gain: t.gain, mix, blocks: loop, heads: H, mask, ranges };
    return step ? loopStep(t.z, whole) : unroll(t.z, whole, reach);
  };
}

describe('unroll on simd is what it is in plain operations, with its gradients', () => {
  it.each(cases.map((given) => [JSON.stringify(given), given] as const))('%s', async (_, given) => {
    const named = inputs(given);
    const f = unrolled(given, Object.keys(named));
    await loadBackend('cpu');
    const expected = await evaluate(f, Object.values(named));
    const results: Numbers[][] = [];
    for (const threads of [1, 2]) {
      await loadBackend('simd', { threads });
      results.push(await evaluate(f, Object.values(named)));
    }
    expectClose(results[0], expected, 2e-5);
    expectClose(results[1], results[0], EXACT);
  });
});

describe('attention to shared rows on simd', () => {
  const fits = ({ rows, D }: Case) => rows !== undefined && D % 4 === 0;
  const shared = cases.filter(fits).map((given) => [JSON.stringify(given), given] as const);

  it.each(shared)('does not depend on the rest of the batch: %s', async (_, given) => {
    const named = inputs(given);
    await loadBackend('simd', { threads: 1 });
    const [names, tensors] = [Object.keys(named), Object.values(named).map(toTensor)];
    const { reach } = given;
    const together = unrolled(given, names)(...tensors);
    const numbers = Array.from(await together.data());
    const size = numbers.length / (given.step ? reach[0] : reach.reduce((sum, n) => sum + n, 0));
    for (const element of new Set([0, 1, 2, reach[0] - 1].filter((i) => i < reach[0]))) {
      const depths = reach.filter((n) => n > element);
      const firsts = depths.map((_, k) => reach.slice(0, k).reduce((sum, n) => sum + n, element));
      const f = unrolled({ ...given, reach: depths.map(() => 1) }, names, element);
      const alone = tf.tidy(() =>
        f(...tensors.map((x, i) => (PER_ELEMENT.test(names[i]) ? tf.slice(x, element, 1) : x))),
      );
      const expected = firsts.flatMap((at) => numbers.slice(at * size, (at + 1) * size));
      expect(Array.from(await alone.data())).toEqual(expected);
      alone.dispose();
    }
    tf.dispose([together, tensors]);
  });

  it('keeps no memory', async () => {
    await loadBackend('simd', { threads: 2 });
    const before = arenaUsed();
    for (const [, given] of shared) {
      const named = inputs(given);
      await evaluate(unrolled(given, Object.keys(named)), Object.values(named));
      expect(arenaUsed()).toBe(before);
    }
  });

  it('refuses a range that is not in the table', async () => {
    await loadBackend('simd', { threads: 1 });
    const given = shared[0][1];
    const named = inputs(given);
    const tensors = Object.values(named).map(toTensor);
    const f = unrolled({ ...given, rows: [100] }, Object.keys(named));
    expect(() => f(...tensors)).toThrow(
      /^unroll: range 0: expected at most 8 of 11 rows, got 0 to 100$/,
    );
    tf.dispose(tensors);
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
