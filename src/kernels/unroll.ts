import * as tf from '@tensorflow/tfjs-core';
import { type Block, type BlockWeights, transformerBlock } from './block.ts';
import { differentiable, hasKernel, runKernel, UNROLL, UNROLL_GRAD } from './fused.ts';
import { linear } from './linear.ts';
import { rmsNorm } from './rms-norm.ts';
import { takeRows } from './rows.ts';

/** One step of a looped transformer: `z ← blocks(norm(mix(z)))`. */
export interface Loop {
  /** Gain of the norm a step begins with [D]. */
  gain: tf.Tensor;
  /** `mix(z) = z·keep + inject`, keep [D, D] and inject [B, R, D]; without them, `mix(z) = z`. */
  mix?: { keep: tf.Tensor; inject: tf.Tensor };
  blocks: readonly Block[];
  /** Attention heads H. */
  heads: number;
}

/** Largest sizes of which a tile fits the scratch memory of the fused kernels. */
const MAX_WIDTH = 128;
const MAX_FORWARD = 256;
const MAX_KEYS = 512;

/**
 * Applies a looped transformer again and again, to fewer and fewer elements of a batch: those that think
 * longest come first, and depth k (from 0) runs on the first `reach[k]` of them.
 *
 * @param z the state before [B, R, D]
 * @param reach falling, at most B
 * @returns the states after each depth, end to end [Σ reach, R, D]
 */
export function unroll(z: tf.Tensor, loop: Loop, reach: readonly number[]): tf.Tensor3D {
  const falling = reach.every((n, k) => n <= (reach[k - 1] ?? z.shape[0]) && n >= 0);
  if (reach.length === 0 || !falling) {
    throw new RangeError(
      `unroll: reach must fall from at most ${z.shape[0]}, got [${reach.join(', ')}]`,
    );
  }
  return (fits(z, loop) ? fused : composite)(z, loop, reach) as tf.Tensor3D;
}

function fits(z: tf.Tensor, { blocks }: Loop): boolean {
  return (
    hasKernel(UNROLL) &&
    z.size > 0 &&
    z.shape[2]! <= MAX_WIDTH &&
    blocks.every(({ weights, context }) => {
      const keys = (context?.k.shape[1] ?? 0) + (weights.key ? z.shape[1]! : 0);
      return weights.innerBias.size <= MAX_FORWARD && keys <= MAX_KEYS;
    })
  );
}

function composite(z: tf.Tensor, loop: Loop, reach: readonly number[]): tf.Tensor {
  const { gain, blocks, heads } = loop;
  const states: tf.Tensor[] = [];
  const first = (x: tf.Tensor, n: number) => (x.shape[0] === n ? x : takeRows(x, 0, n));
  let state = z;
  let mix = loop.mix;
  let contexts = blocks.map(({ context }) => context);
  for (const n of reach) {
    state = first(state, n);
    mix = mix && { ...mix, inject: first(mix.inject, n) };
    contexts = contexts.map(
      (context) => context && { k: first(context.k, n), v: first(context.v, n) },
    );
    state = blocks.reduce(
      (x, block, i) => transformerBlock(x, { ...block, context: contexts[i] }, heads),
      rmsNorm(mix ? tf.add(linear(state, mix.keep), mix.inject) : state, gain),
    );
    states.push(state);
  }
  return states.length === 1 ? states[0] : tf.concat(states, 0);
}

/** A block's weights, in the order in which the kernels have their gradients. */
export const WEIGHTS: readonly (keyof BlockWeights)[] = [
  'attentionBefore',
  'query',
  'out',
  'attentionAfter',
  'forwardBefore',
  'inner',
  'innerBias',
  'outer',
  'forwardAfter',
  'key',
  'value',
];

/** Every tensor of a loop by name: what the kernels take, in the order of their gradients. */
function named(z: tf.Tensor, { gain, mix, blocks }: Loop): Record<string, tf.Tensor> {
  const tensors: Record<string, tf.Tensor> = { z, gain, ...mix };
  blocks.forEach(({ weights, context, bias }, i) => {
    for (const [name, tensor] of Object.entries({ ...context, ...(bias && { bias }) })) {
      tensors[`${name}${i}`] = tensor;
    }
    for (const name of WEIGHTS) if (weights[name]) tensors[`${name}${i}`] = weights[name];
  });
  return tensors;
}

function fused(z: tf.Tensor, loop: Loop, reach: readonly number[]): tf.Tensor {
  const attrs = { heads: loop.heads, reach: [...reach], blocks: loop.blocks.length };
  return differentiable(
    named(z, loop),
    (inputs, taped) => {
      const [states, kept] = runKernel<tf.Tensor[]>(UNROLL, inputs, attrs);
      if (taped) return [states, states, kept];
      kept.dispose();
      return states;
    },
    (dy, inputs, [states, kept]) =>
      runKernel<tf.Tensor[]>(UNROLL_GRAD, { ...inputs, states, kept, dy }, attrs),
  );
}
