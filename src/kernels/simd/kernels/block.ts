import { EPS } from '../../ops/rms-norm.ts';
import { defineKernel, float, int, optional, pointer } from '../runtime/define-kernel.ts';
import type { SimdBackend } from '../runtime/simd-backend.ts';
import { aligned, extentOf, floatsOf, groupExtent, groupOf, partsOf } from './block-memory.ts';
import { type BlockAt, blockParameters } from './block-parameters.ts';
import { NO_ROWS, sharedRows } from './shared-rows.ts';

/**
 * The first `whole` of the B elements go on to another depth. For the others, only the readout (their first token) is
 * needed, so they have one query instead of R. Arrays lie element by element. `a row a token` is [B·R, D]; `a row a query`
 * is [whole·R + B − whole, D]. T, the number of keys, is S + R if tokens attend to one another (`key`), else S.
 */
export const block = defineKernel('block', {
  args: {
    weights: blockParameters,
    packed: int('1: the matrices are packed; 0: they lie as they are, for few rows'),
    B: int('elements of the batch'),
    whole: int('elements that go on'),
    group: int('elements that go through the block together'),
    R: int('tokens'),
    S: int('keys of the context'),
    H: int('heads'),
    D: int('model width, a multiple of four'),
    F: int('feed-forward width, a multiple of four'),
    eps: float(),
    z: optional(
      'the state before the step [B, R, D], from which the block computes x; without it, x is given',
    ),
    inject: optional('[B, R, D]'),
    k: optional('keys of the context [B, S, D]'),
    v: optional('values of the context [B, S, D]'),
    bias: optional('[H, R, T]'),
    mask: optional('[B, T]'),
    shared: sharedRows,
    y: pointer('[whole, R, D]'),
    readouts: optional('[B, D]'),
    ownStep: int(
      "bytes from one thread's memory to the next one's, if nothing is kept for blockGrad; 0: everything is kept",
    ),
    x: pointer('a row a token'),
    mixed: pointer('`z·keep + inject`, a row a token'),
    r0: pointer('scales of the norm of `mixed` or z, a number a token'),
    r1: pointer('of the norm of x, a number a token'),
    r2: pointer('of `projected`, a number a query'),
    r3: pointer('of `middle`, a number a query'),
    r4: pointer('of `forwarded`, a number a query'),
    first: pointer('x of the readouts [B − whole, D]'),
    q: pointer('a row a query'),
    keys: pointer('[B, T, D] where tokens attend to one another'),
    values: pointer('[B, T, D] where tokens attend to one another'),
    probs: pointer(
      'H·(T + the longest range) numbers a query; if nothing is kept, those of one element at a time',
    ),
    read: pointer('a row a query'),
    projected: pointer('a row a query'),
    middle: pointer('a row a query'),
    hidden: pointer('F numbers a query'),
    forwarded: pointer('a row a query'),
  },
  split: { by: 'own' },
  scratch: true,
  // The multiply-adds of the products, if all elements go on.
  work: ({ weights: { key }, B, R, S, D, F, shared }) => {
    const keys = S + (key ? R : 0) + shared.longest;
    return B * R * (2 * D * D + 2 * D * F + 2 * keys * D + (key ? 2 * D * D : 0));
  },
});

/** The addresses of a block's operands. */
export interface Operands {
  /** z if the block begins a step, else x [B, R, D]. */
  from: number;
  /** [whole, R, D] */
  y: number;
  /** [B, D], if they are needed. */
  readouts?: number;
  /** Room for everything that the gradients need, or for the memory of all threads. */
  kept: number;
  /** Whether nothing is kept for gradients. */
  own?: boolean;
}

/** y = block(x), for B elements of which `whole` go on. */
export function runBlock(
  { pool }: SimdBackend,
  at: BlockAt,
  B: number,
  whole: number,
  operands: Operands,
): void {
  pool.run(block, blockArguments(at, B, whole, operands));
}

export function blockArguments(
  block: BlockAt,
  B: number,
  whole: number,
  { from, y, readouts, kept, own = false }: Operands,
) {
  const { R, S, H, D, F, k, v, bias, mask, shared = NO_ROWS, begin, weights, packed } = block;
  const parts = partsOf(block, own ? groupExtent(block, B) : extentOf(block, B, whole));
  let next = kept;
  const place = (size: number) => {
    const address = next;
    next += 4 * aligned(size);
    return address;
  };
  const x = place(parts.x);
  return {
    weights,
    packed: packed ? 1 : 0,
    B,
    whole,
    group: groupOf(block, B),
    R,
    S,
    H,
    D,
    F,
    eps: EPS,
    z: begin && from,
    inject: begin?.inject,
    k,
    v,
    bias,
    mask,
    shared,
    y,
    readouts,
    ownStep: own ? 4 * floatsOf(parts) : 0,
    x: begin ? x : from,
    mixed: place(parts.mixed),
    r0: place(parts.r0),
    r1: place(parts.r1),
    r2: place(parts.r2),
    r3: place(parts.r3),
    r4: place(parts.r4),
    first: place(parts.first),
    q: place(parts.q),
    keys: place(parts.keys),
    values: place(parts.values),
    probs: place(parts.probs),
    read: place(parts.read),
    projected: place(parts.projected),
    middle: place(parts.middle),
    hidden: place(parts.hidden),
    forwarded: place(parts.forwarded),
  };
}
