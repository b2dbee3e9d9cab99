import type * as tf from '@tensorflow/tfjs-core';
import { EPS } from '../../ops/rms-norm.ts';
import { WEIGHTS } from '../../ops/unroll.ts';
import { CHUNK } from '../runtime/constants.ts';
import {
  defineKernel,
  float,
  int,
  optional,
  pointer,
  struct,
  type Values,
} from '../runtime/define-kernel.ts';
import type { SimdBackend } from '../runtime/simd-backend.ts';
import { pack, packedFloats, panelsOf } from './pack.ts';

/** The addresses of a block's parameters, or of their gradients. */
export const blockParameters = struct('BlockParameters', {
  attentionBefore: pointer('[D]'),
  query: pointer('[D, D]'),
  out: pointer('[D, D]'),
  attentionAfter: pointer('[D]'),
  forwardBefore: pointer('[D]'),
  inner: pointer('[D, F]'),
  innerBias: pointer('[F]'),
  outer: pointer('[F, D]'),
  forwardAfter: pointer('[D]'),
  key: optional('[D, D]; without it, tokens attend to the context alone'),
  value: optional('[D, D]'),
  gain: optional('[D], of the norm that a step begins with: the first block has it'),
  keep: optional('[D, D], by which the first block multiplies z'),
});

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
    probs: pointer('H·T numbers a query'),
    read: pointer('a row a query'),
    projected: pointer('a row a query'),
    middle: pointer('a row a query'),
    hidden: pointer('F numbers a query'),
    forwarded: pointer('a row a query'),
  },
  split: { by: 'own' },
  scratch: true,
  // The multiply-adds of the products, if all elements go on.
  work: ({ weights: { key }, B, R, S, D, F }) => {
    const keys = S + (key ? R : 0);
    return B * R * (2 * D * D + 2 * D * F + 2 * keys * D + (key ? 2 * D * D : 0));
  },
});

type Parameters = Values<typeof blockParameters.fields>;

/** A block on the simd backend. */
export interface BlockAt {
  R: number;
  /** Keys of the context. */
  S: number;
  H: number;
  D: number;
  F: number;
  /** Whether tokens attend to one another. */
  own: boolean;
  k?: number;
  v?: number;
  bias?: number;
  /** How the first block of a step computes x: the injected tokens, and whether it multiplies z by `keep`. */
  begin?: { inject?: number; mix: boolean };
  weights: Parameters;
  /** Whether the matrices among the weights are packed. */
  packed: boolean;
}

/** The tensors of a block by name: parameters, context and bias. */
export type BlockTensors = Readonly<Record<string, tf.TensorInfo | undefined>>;

const PARAMETERS: readonly string[] = [...WEIGHTS, 'gain', 'keep'];

/** The shapes of a block's parameters by name. */
export function parameterShapes(tensors: BlockTensors): Record<string, number[]> {
  const names = PARAMETERS.filter((name) => tensors[name] !== undefined);
  return Object.fromEntries(names.map((name) => [name, tensors[name]!.shape]));
}

/** A block for states of a shape [B, R, D], with the addresses of its tensors. */
export function blockAt(
  backend: SimdBackend,
  [, R, D]: readonly number[],
  heads: number,
  tensors: BlockTensors,
): BlockAt {
  const at = (name: string) => tensors[name] && backend.address(tensors[name]);
  const begin = tensors.gain && { inject: at('inject'), mix: tensors.keep !== undefined };
  return {
    R,
    S: tensors.k?.shape[1] ?? 0,
    H: heads,
    D,
    F: tensors.innerBias!.shape[0],
    own: tensors.key !== undefined,
    k: at('k'),
    v: at('v'),
    bias: at('bias'),
    begin,
    weights: {
      attentionBefore: at('attentionBefore')!,
      query: at('query')!,
      out: at('out')!,
      attentionAfter: at('attentionAfter')!,
      forwardBefore: at('forwardBefore')!,
      inner: at('inner')!,
      innerBias: at('innerBias')!,
      outer: at('outer')!,
      forwardAfter: at('forwardAfter')!,
      key: at('key'),
      value: at('value'),
      gain: at('gain'),
      keep: at('keep'),
    },
    packed: false,
  };
}

/** The matrices of a block, each [rows, columns]. */
function matricesOf({ D, F, weights }: BlockAt) {
  const all: [name: keyof Parameters, rows: number, columns: number][] = [
    ['query', D, D],
    ['out', D, D],
    ['inner', D, F],
    ['outer', F, D],
    ['key', D, D],
    ['value', D, D],
    ['keep', D, D],
  ];
  return all.filter(([name]) => weights[name] !== undefined);
}

/** Floats of a block's packed matrices, transposed or not. */
export function panelFloats(block: BlockAt): number {
  const floats = (transposed: boolean) =>
    matricesOf(block).reduce(
      (sum, [, rows, columns]) =>
        sum + (transposed ? packedFloats(columns, rows) : packedFloats(rows, columns)),
      0,
    );
  return Math.max(floats(false), floats(true));
}

/** The block with its matrices packed from `to` on, as they are or transposed. */
export function packBlock(
  { pool }: SimdBackend,
  block: BlockAt,
  to: number,
  transposed: boolean,
): BlockAt {
  const weights: Record<string, number | undefined> = { ...block.weights };
  let next = to;
  for (const [name, rows, columns] of matricesOf(block)) {
    const [K, N] = transposed ? [columns, rows] : [rows, columns];
    const from = weights[name]!;
    pool.run(pack, { to: next, from, K, N, panels: panelsOf(N), transposed });
    weights[name] = next;
    next += 4 * packedFloats(K, N);
  }
  return { ...block, weights: weights as Parameters, packed: true };
}

export const keysOf = ({ S, R, own }: BlockAt) => S + (own ? R : 0);

/** A size in floats, rounded up to whole cache lines. */
export const aligned = (size: number) => Math.ceil(size / 16) * 16;

/** How many elements go through a block together: few if the batch is small, so that each thread has some. */
export function groupOf({ R }: BlockAt, B: number): number {
  const rows = Math.max(16, Math.min(CHUNK, (B * R) >> 3));
  return Math.max(1, Math.floor(rows / R));
}

/** How much goes through a block: elements, queries, and readouts whose x lies apart. */
interface Extent {
  B: number;
  queries: number;
  apart: number;
}

function extentOf({ R }: BlockAt, B: number, whole: number): Extent {
  return { B, queries: whole * R + B - whole, apart: B - whole };
}

function groupExtent(block: BlockAt, B: number): Extent {
  const size = groupOf(block, B);
  return { B: size, queries: size * block.R, apart: size };
}

/** How many floats each array has that `block` leaves for `blockGrad`. */
function partsOf(block: BlockAt, { B, queries, apart }: Extent) {
  const { R, H, D, F, own, begin } = block;
  const [tokens, T] = [B * R, keysOf(block)];
  const keys = own ? B * T * D : 0;
  return {
    x: begin ? tokens * D : 0,
    mixed: begin?.mix ? tokens * D : 0,
    r0: begin ? tokens : 0,
    r1: tokens,
    r2: queries,
    r3: queries,
    r4: queries,
    first: apart * D,
    q: queries * D,
    keys,
    values: keys,
    probs: queries * H * T,
    read: queries * D,
    projected: queries * D,
    middle: queries * D,
    hidden: queries * F,
    forwarded: queries * D,
  };
}

const floatsOf = (parts: Readonly<Record<string, number>>) =>
  Object.values(parts).reduce((sum, size) => sum + aligned(size), 0);

/** How many floats `block` leaves for `blockGrad`, for B elements of which `whole` go on. */
export function keptBy(block: BlockAt, B: number, whole: number): number {
  return floatsOf(partsOf(block, extentOf(block, B, whole)));
}

/** How many floats one thread needs for B elements, if nothing is kept for `blockGrad`. */
export function ownFloats(block: BlockAt, B: number): number {
  return floatsOf(partsOf(block, groupExtent(block, B)));
}

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
  const { R, S, H, D, F, k, v, bias, begin, weights, packed } = block;
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
