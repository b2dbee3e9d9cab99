import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { Box, Dict, Discrete, MultiDiscrete, type Space } from '../../../src/envs/index.ts';
import {
  type Block,
  type Loop,
  linear,
  loadBackend,
  loopStep,
  type Ranges,
  Rng,
  rmsNorm,
  transformerBlock,
} from '../../../src/kernels/index.ts';
import { fullCore } from '../../../src/policy/core/full.ts';
import { latentCore } from '../../../src/policy/core/latent.ts';
import {
  attentionOf,
  EpisodeHistory,
  encoderFor,
  entriesNeeded,
  Parameters,
  type PolicyOptions,
  readoutAttention,
} from '../../../src/policy/index.ts';
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

beforeAll(() => loadBackend(backends('simd')[0]));

const box = (...shape: number[]) => new Box({ shape, low: -Infinity, high: Infinity });

describe('readoutAttention', () => {
  it('is the softmax of q·k / √(D/H), by hand', () => {
    const [one, identity] = [tf.ones([2]), tf.eye(2)];
    const gains = {
      ...{ attentionBefore: one, attentionAfter: one, forwardBefore: one, forwardAfter: one },
    };
    const products = { query: identity, out: identity, inner: identity, innerBias: one };
    const weights = { ...gains, ...products, outer: identity };
    const k = tf.tensor3d([1, 0, 0, 1, 0, 0], [1, 3, 2]);
    const loop: Loop = { gain: one, heads: 1, blocks: [{ weights, context: { k, v: k } }] };
    // (3, 4) over its root mean square √12.5, then over √2: scores of .6, .8 and 0.
    const [found] = readoutAttention(tf.tensor3d([3, 4], [1, 1, 2]), loop);
    const sum = Math.exp(0.6) + Math.exp(0.8) + 1;
    expect(found.shape).toEqual([1, 1, 3]);
    [Math.exp(0.6), Math.exp(0.8), 1].forEach((part, i) => {
      expect(found.dataSync()[i]).toBeCloseTo(part / sum, 6);
    });
  });
});

const sizes = { width: 8, heads: 2, feedForward: 12, blocks: 2, registers: 2 };
const MEMORY = { length: 4, prelude: 1 };
const forms: [string, Partial<PolicyOptions>][] = [
  ['latent', { core: 'latent', registers: 0, observationSpace: box(3) }],
  ['latent with registers', { core: 'latent', observationSpace: box(3) }],
  ['latent on a grid', { core: 'latent', observationSpace: box(2, 3, 2) }],
  ['full', { core: 'full', registers: 0, observationSpace: box(3) }],
  ['full on a grid', { core: 'full', observationSpace: box(2, 3, 2) }],
  ['latent with a memory', { core: 'latent', observationSpace: box(3), memory: MEMORY }],
  ['full with a memory', { core: 'full', observationSpace: box(2, 3, 2), memory: MEMORY }],
];

/** The ranges of three thoughts: shorter than the window, as long as it, and in the midst of the table. */
const RANGES = { begin: Int32Array.of(0, 1, 5), end: Int32Array.of(2, 5, 6) };

/** The last L rows of each range, zeros where it has fewer [B, L, D]. */
function lastRows(table: tf.Tensor, { begin, end }: Ranges, length: number): tf.Tensor {
  const [, width] = table.shape as [number, number];
  const padded = Array.from(begin, (from, b) => {
    const rows = tf.slice(table, [from, 0], [end[b] - from, -1]);
    return tf.concat([tf.zeros([length - rows.shape[0], width]), rows], 0);
  });
  return tf.stack(padded);
}

/** What the block's readout is after it, read with `weights` [B, H, keys]. */
function readoutAfter(
  x: tf.Tensor,
  { weights: w, context, memory }: Block,
  ranges: Ranges | undefined,
  weights: tf.Tensor,
) {
  const [batch, heads, keys] = weights.shape as number[];
  const normed = rmsNorm(x, w.attentionBefore);
  const parts = [
    context?.v,
    w.value && linear(normed, w.value),
    memory && lastRows(memory.v, ranges!, memory.bias.shape[1]!),
  ];
  const v = tf.concat(
    parts.filter((part) => part !== undefined),
    1,
  );
  const split = tf.transpose(tf.reshape(v, [batch, keys, heads, -1]), [0, 2, 1, 3]);
  const read = tf.reshape(tf.matMul(tf.reshape(weights, [batch, heads, 1, keys]), split), [
    batch,
    1,
    -1,
  ]);
  const first = tf.slice(x, [0, 0, 0], [-1, 1, -1]);
  const middle = tf.add(first, rmsNorm(linear(read, w.out), w.attentionAfter));
  const hidden = tf.relu(linear(rmsNorm(middle, w.forwardBefore), w.inner, w.innerBias));
  return tf.add(middle, rmsNorm(linear(hidden, w.outer), w.forwardAfter));
}

describe.each(forms)('readoutAttention, %s', (_, options) => {
  it('is what the kernels attend with: it gives their own output', () => {
    const parameters = new Parameters(Rng.seed(1));
    onTestFinished(() => parameters.dispose());
    const space = options.observationSpace as Space;
    const encoder = encoderFor(space, sizes.width, parameters.scope('encoder'));
    const make = options.core === 'full' ? fullCore : latentCore;
    const window = options.memory?.length ?? 0;
    const core = make({ ...sizes, ...options }, encoder, parameters.scope('core'), window);
    stir(parameters);
    tf.tidy(() => {
      const thought = core.begin(encoder.encode(toTensor(randomRows(3, space.size))));
      if (options.memory) {
        const entries = toTensor(randomRows(6, sizes.width));
        thought.memory = { tables: core.remember(entries), ranges: RANGES };
      }
      const loop = core.loop(thought);
      let z: tf.Tensor = thought.z;
      for (let step = 0; step < 3; step++) {
        const all = readoutAttention(z, loop);
        expect(all.map(({ shape }) => shape)).toEqual([
          [3, 2, core.tokens.length + window],
          [3, 2, core.tokens.length + window],
        ]);
        const { gain, mix, heads } = loop;
        let x = rmsNorm(mix ? tf.add(linear(z, mix.keep), mix.inject) : z, gain);
        z = loopStep(z, loop);
        loop.blocks.forEach((block, i) => {
          const own = readoutAfter(x, block, loop.ranges, all[i]);
          x = transformerBlock(x, { ...block, ranges: loop.ranges }, heads);
          const theirs = i + 1 < loop.blocks.length ? x : z;
          expect(
            distance(own.arraySync(), tf.slice(theirs, 0, [3, 1, 8]).arraySync()),
          ).toBeLessThan(5e-6);
        });
      }
    });
  });
});

describe.each(forms)('attentionOf, %s', (_, options) => {
  const policy = () => {
    const made = smallPolicy({ ...options, blocks: 2 });
    stir(made.parameters);
    onTestFinished(() => made.dispose());
    return made;
  };

  it('gives shares of every token at every step, which sum to 1 and differ', async () => {
    const made = policy();
    const [row] = randomRows(1, options.observationSpace!.size);
    const steps = await attentionOf(made, { row }, 3);
    expect(steps).toHaveLength(3);
    for (const { tokens, entries } of steps) {
      expect(tokens).toHaveLength(made.tokens.length);
      expect(entries).toHaveLength(options.memory ? 1 : 0);
      const shares = [...tokens, ...entries];
      expect(shares.reduce((sum, share) => sum + share, 0)).toBeCloseTo(1, 5);
      expect(Math.min(...shares)).toBeGreaterThan(0);
      expect(Math.max(...shares) - Math.min(...shares)).toBeGreaterThan(0.01);
    }
    expect(distance(steps[0].tokens, steps[1].tokens)).toBeGreaterThan(0.001);
  });

  it('leaves no tensor behind, and the thought as it was', async () => {
    const made = policy();
    const rows = randomRows(1, options.observationSpace!.size);
    const before = unroll(made, rows, 3);
    const tensors = tf.memory().numTensors;
    await attentionOf(made, { row: rows[0] }, 3);
    expect(tf.memory().numTensors).toBe(tensors);
    expect(unroll(made, rows, 3)).toEqual(before);
  });
});

describe('attentionOf, with a memory', () => {
  /** Histories of 1 to 6 entries. */
  const pasts = () => {
    const history = new EpisodeHistory(entriesNeeded(MEMORY));
    return randomRows(6, 3).map((row, t) => {
      const past = history.see(row);
      history.acted(Float32Array.of(t % 3), t);
      return { row, past };
    });
  };

  it('gives shares of the entries that the decision attends to: its own, and up to the window before', async () => {
    const policy = smallPolicy({ observationSpace: box(3), memory: MEMORY });
    onTestFinished(() => policy.dispose());
    stir(policy.parameters);
    for (const [t, given] of pasts().entries()) {
      for (const { tokens, entries } of await attentionOf(policy, given, 2)) {
        expect(entries).toHaveLength(Math.min(t + 1, MEMORY.length));
        const shares = [...tokens, ...entries];
        expect(shares.reduce((sum, share) => sum + share, 0)).toBeCloseTo(1, 5);
        expect(Math.min(...shares)).toBeGreaterThan(0);
      }
    }
  });

  it('has its own entry last: a bias for what is two entries back raises that share alone', async () => {
    const policy = smallPolicy({ observationSpace: box(3), memory: MEMORY });
    onTestFinished(() => policy.dispose());
    const byDistance = [0, 20, 0, 0];
    set(policy.parameters, 'core.memory.block0.distance', [...byDistance, ...byDistance]);
    const shares = [];
    for (const given of pasts()) shares.push((await attentionOf(policy, given, 1))[0].entries);
    expect(shares.map((entries) => entries.at(-3)).slice(2)).toEqual(
      Array(4).fill(expect.closeTo(1, 4)),
    );
  });
});

describe('the tokens of a policy', () => {
  const labels = (options: Partial<PolicyOptions>) => {
    const policy = smallPolicy(options);
    onTestFinished(() => policy.dispose());
    return policy.tokens.map(({ label }) => label);
  };

  it.each<[string, Space, string[]]>([
    ['a vector', box(2), ['view 0', 'view 1', 'view 2', 'view 3']],
    ['a grid', box(1, 2, 3), ['row 0, column 0', 'row 0, column 1']],
    ['a number', new Discrete(4), ['value']],
    ['numbers', new MultiDiscrete([3, 3]), ['x[0]', 'x[1]']],
    [
      'a set',
      new MultiDiscrete([3, 3, 3, 3], { shape: [2, 2], as: 'set' }),
      ['token 0', 'token 1'],
    ],
    [
      'a Dict',
      new Dict({ at: box(1, 1, 2), what: new Discrete(2) }),
      ['at: row 0, column 0', 'what: value'],
    ],
  ])('are named after %s', (_, observationSpace, expected) => {
    expect(labels({ observationSpace })).toEqual(expected);
  });

  it('come after the thought’s own where all recur, before its own registers where they do not', () => {
    const observationSpace = new Discrete(4);
    expect(labels({ observationSpace, core: 'full', registers: 1 })).toEqual([
      ...['readout', 'register 0', 'value'],
    ]);
    expect(labels({ observationSpace, registers: 1 })).toEqual(['value', 'readout', 'register 0']);
    expect(labels({ observationSpace })).toEqual(['value']);
  });
});
