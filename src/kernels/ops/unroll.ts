import * as tf from '@tensorflow/tfjs-core';
import { assertRanges, firstRanges, type Ranges } from './attention-over-rows.ts';
import { type Block, type BlockWeights, transformerBlock } from './block.ts';
import { differentiable, hasKernel, isWhole, runKernel } from './fused.ts';
import { linear } from './linear.ts';
import { rmsNorm } from './rms-norm.ts';
import { takeRows } from './rows.ts';

/** Names of the fused kernels, where a backend has them. */
export const UNROLL = 'PonderaUnroll';
export const UNROLL_GRAD = 'PonderaUnrollGrad';

/** One application of a looped transformer: `z ← blocks(norm(mix(z)))`. */
export interface Loop {
  /** Gain of the norm [D]. */
  gain: tf.Tensor;
  /** `mix(z) = z·keep + inject`, with keep [D, D] and inject [B, R, D]; without it, `mix(z) = z`. */
  mix?: { keep: tf.Tensor; inject: tf.Tensor };
  /** The transformer blocks, applied one after another. */
  blocks: readonly Block[];
  /** Attention heads (H). */
  heads: number;
  /** Added to the scores of each element's keys in every block [B, keys]; see `attention`. It has no gradient. */
  mask?: tf.Tensor;
  /** The rows of the blocks' memories that each element attends to; present where they have memories. */
  ranges?: Ranges;
}

/**
 * The greatest sizes with which a group of rows fits the scratch memory of the fused kernels. MAX_KEYS counts an element's own
 * keys; the rows of a memory need no limit, for their kernels get scratch memory for the longest range.
 */
const MAX_WIDTH = 256;
export const MAX_FORWARD = 1024;
const MAX_KEYS = 512;

/** Attributes of the fused kernels. */
export interface UnrollAttrs {
  heads: number;
  reach: number[];
  blocks: number;
  /** Whether the value is the state after the only depth, rather than the readouts. */
  whole: boolean;
  /** Whether the kernel keeps everything that the gradient needs. */
  taped: boolean;
  /** The rows of the memories that each element attends to. */
  ranges?: Ranges;
}

/**
 * Applies a looped transformer several times, to fewer and fewer elements of a batch: the elements with the most
 * applications come first.
 *
 * It returns readouts only, so the fused kernels skip the other tokens' queries in an element's last application.
 *
 * @param z the first states [B, R, D]
 * @param reach at index k, the number of elements that have application k + 1; never rising, at most B
 * @returns the readouts (token 0 of the states) after each application, end to end [Σ reach, 1, D]
 * @throws RangeError for an empty or a rising `reach`
 */
export function unroll(z: tf.Tensor, loop: Loop, reach: readonly number[]): tf.Tensor3D {
  const falling = reach.every((n, k) => n <= (reach[k - 1] ?? z.shape[0]) && n >= 0);
  if (reach.length === 0 || !falling) {
    throw new RangeError(
      `unroll: reach must fall from at most ${z.shape[0]}, got [${reach.join(', ')}]`,
    );
  }
  if (fits(z, loop)) return fused(z, loop, reach, false);
  return tf.tidy(() => {
    const readouts = composite(z, loop, reach).map((state) => {
      const [n, , width] = state.shape;
      return tf.slice(state, [0, 0, 0], [n, 1, width!]);
    });
    return (readouts.length === 1 ? readouts[0] : tf.concat(readouts, 0)) as tf.Tensor3D;
  });
}

/**
 * Applies a looped transformer once.
 *
 * @param z states [B, R, D]
 * @returns the next states [B, R, D]
 */
export function loopStep(z: tf.Tensor, loop: Loop): tf.Tensor3D {
  const reach = [z.shape[0]];
  return fits(z, loop)
    ? fused(z, loop, reach, true)
    : (composite(z, loop, reach)[0] as tf.Tensor3D);
}

function fits(z: tf.Tensor, { blocks }: Loop): boolean {
  return (
    hasKernel(UNROLL) &&
    z.size > 0 &&
    z.shape[2]! <= MAX_WIDTH &&
    isWhole(z.shape[2]!) &&
    blocks.every(({ weights, context }) => {
      const keys = (context?.k.shape[1] ?? 0) + (weights.key ? z.shape[1]! : 0);
      const attends = weights.key !== undefined || z.shape[1] === 1;
      const forward = weights.innerBias.size;
      return forward <= MAX_FORWARD && isWhole(forward) && keys <= MAX_KEYS && attends;
    })
  );
}

/** The states after each depth, [reach[k], R, D] each. */
function composite(z: tf.Tensor, loop: Loop, reach: readonly number[]): tf.Tensor[] {
  const { gain, blocks, heads } = loop;
  const first = (x: tf.Tensor, n: number) => (x.shape[0] === n ? x : takeRows(x, 0, n));
  let state = z;
  let { mix, mask, ranges } = loop;
  let contexts = blocks.map(({ context }) => context);
  return reach.map((n) => {
    state = first(state, n);
    mix = mix && { ...mix, inject: first(mix.inject, n) };
    mask = mask && first(mask, n);
    ranges = ranges && firstRanges(ranges, n);
    contexts = contexts.map(
      (context) => context && { k: first(context.k, n), v: first(context.v, n) },
    );
    state = blocks.reduce(
      (x, block, i) => transformerBlock(x, { ...block, context: contexts[i], mask, ranges }, heads),
      rmsNorm(mix ? tf.add(linear(state, mix.keep), mix.inject) : state, gain),
    );
    return state;
  });
}

/** The names of a block's weights. */
export const WEIGHTS: readonly (keyof BlockWeights)[] = [
  ...(['attentionBefore', 'query', 'out', 'attentionAfter', 'forwardBefore', 'inner'] as const),
  ...(['innerBias', 'outer', 'forwardAfter', 'key', 'value'] as const),
];
const STEMS = ['k', 'v', 'bias', 'K', 'V', 'far', ...WEIGHTS];
const names: (readonly [stem: string, name: string])[][] = [];

/** The names of a block's tensors, each with its name among the tensors of all blocks. */
export function blockNames(block: number): readonly (readonly [stem: string, name: string])[] {
  // They are made once: a property lookup by a newly joined string is slow.
  return (names[block] ??= STEMS.map((stem) => [stem, `${stem}${block}`]));
}

/** Every tensor of a loop that has a gradient, by name, in the order of the gradients. */
function named(z: tf.Tensor, { gain, mix, blocks }: Loop): Record<string, tf.Tensor> {
  const tensors: Record<string, tf.Tensor> = { z, gain, ...mix };
  blocks.forEach(({ weights, context, bias, memory }, i) => {
    const shared = memory && { K: memory.k, V: memory.v, far: memory.bias };
    const own: Record<string, tf.Tensor | undefined> = { ...weights, ...context, bias, ...shared };
    for (const [stem, name] of blockNames(i)) {
      const tensor = own[stem];
      if (tensor !== undefined) tensors[name] = tensor;
    }
  });
  return tensors;
}

function fused(z: tf.Tensor, loop: Loop, reach: readonly number[], whole: boolean): tf.Tensor3D {
  const { heads, blocks, mask, ranges } = loop;
  for (const { memory } of blocks) {
    if (memory) assertRanges('unroll', ranges!, z.shape[0], memory);
  }
  const given = { heads, reach: [...reach], blocks: blocks.length, whole, taped: true };
  // A copy, for the caller may change its arrays before the gradient is computed.
  const ofRows = ranges && { begin: ranges.begin.slice(), end: ranges.end.slice() };
  const attrs = { ...given, ranges: ofRows } as unknown as tf.NamedAttrMap;
  return differentiable(
    named(z, loop),
    (given, taped) => {
      const inputs = mask ? { ...given, mask } : given;
      const [value, kept] = runKernel<tf.Tensor[]>(UNROLL, inputs, { ...attrs, taped });
      return taped ? [value, value, kept] : value;
    },
    // The kept weights of attention hold what the mask did.
    (dy, inputs, [value, kept]) => runKernel(UNROLL_GRAD, { ...inputs, value, kept, dy }, attrs),
  ) as tf.Tensor3D;
}
