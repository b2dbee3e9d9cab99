import type * as tf from '@tensorflow/tfjs-core';
import { EPS } from '../../rms-norm.ts';
import { LANES, Op } from '../kernel.ts';
import { floatBits } from '../pool.ts';
import type { SimdBackend } from '../simd-backend.ts';

/** A block on the simd backend; addresses as BLOCK's words have them (block-arguments.ts). */
export interface BlockAt {
  R: number;
  /** Keys of the context. */
  S: number;
  H: number;
  D: number;
  F: number;
  own: boolean;
  k: number;
  v: number;
  bias: number;
  weights: readonly number[];
}

/** A block of `weights` (in the order of their gradients) and what it attends to. */
export function blockAt(
  backend: SimdBackend,
  z: tf.TensorInfo,
  heads: number,
  weights: readonly tf.TensorInfo[],
  attended: { k?: tf.TensorInfo; v?: tf.TensorInfo; bias?: tf.TensorInfo },
): BlockAt {
  const at = (tensor: tf.TensorInfo | undefined) => (tensor ? backend.address(tensor) : 0);
  const own = weights.length > INNER_BIAS + 3;
  return {
    R: z.shape[1],
    S: attended.k?.shape[1] ?? 0,
    H: heads,
    D: z.shape[2],
    F: weights[INNER_BIAS].shape[0],
    own,
    k: at(attended.k),
    v: at(attended.v),
    bias: at(attended.bias),
    weights: [...weights.map(at), ...(own ? [] : [0, 0])],
  };
}

/** Place of the feed-forward bias among the weights. */
const INNER_BIAS = 6;

const keysOf = ({ S, R, own }: BlockAt) => S + (own ? R : 0);

/** How many scores a block’s attention has in all, and so its bias. */
const scoresOf = (block: BlockAt) => block.H * block.R * keysOf(block);

/** Floats of the parts that BLOCK leaves for BLOCK_GRAD, in the order of their words. */
function parts(block: BlockAt, B: number): number[] {
  const { R, H, D, F, own } = block;
  const [rows, T] = [B * R, keysOf(block)];
  const ownKeys = own ? B * T * D : 0;
  const norms = [rows, rows, rows, rows];
  return [
    ...[...norms, rows * D, ownKeys, ownKeys, rows * H * T],
    ...[rows * D, rows * D, rows * D, rows * F, rows * D],
  ];
}

/** Whole cache lines, in floats. */
export const aligned = (size: number) => Math.ceil(size / 16) * 16;

/** Floats that BLOCK leaves for BLOCK_GRAD, for B elements. */
export function keptBy(block: BlockAt, B: number): number {
  return parts(block, B).reduce((sum, size) => sum + aligned(size), 0);
}

/** y = block(x), for B elements at these addresses. */
export function runBlock(
  backend: SimdBackend,
  block: BlockAt,
  B: number,
  at: { x: number; y: number; kept: number },
): void {
  backend.pool.run(Op.block, work(block, B), words(block, B, at));
}

/** Multiply-adds of the products. */
function work(block: BlockAt, B: number): number {
  const { R, D, F, own } = block;
  return B * R * (2 * D * D + 2 * D * F + 2 * keysOf(block) * D + (own ? 2 * D * D : 0));
}

function words(
  block: BlockAt,
  B: number,
  { x, y, kept }: { x: number; y: number; kept: number },
): number[] {
  const { R, S, H, D, F, own, k, v, bias, weights } = block;
  let address = kept;
  const places = parts(block, B).map((size) => {
    const place = address;
    address += 4 * aligned(size);
    return place;
  });
  return [
    ...weights,
    ...[B, R, S, H, D, F, own ? 1 : 0, floatBits(EPS), x, k, v, bias, y, ...places],
  ];
}

/** Sums of the gradients of a block's weights and bias, over all depths. */
export interface BlockSums {
  /** Numbers of the weights in their order. */
  parameters: number;
  /** Where the sums lie, [parameters] and [H, R, keys] (0: none). */
  weights: number;
  bias: number;
  /** Of k and v [B, S, D]; 0: none. */
  dk: number;
  dv: number;
}

/** dx from dy, where BLOCK has run at the same x; adds to the sums. */
export function runBlockGrad(
  backend: SimdBackend,
  block: BlockAt,
  B: number,
  at: { x: number; kept: number; dy: number; dx: number },
  sums: BlockSums,
): void {
  const { arena, pool } = backend;
  const { R, D, own } = block;
  const { parameters } = sums;
  const scores = scoresOf(block);
  const lanes = arena.allocate(4 * LANES * parameters);
  const biasLanes = sums.bias ? arena.allocate(4 * LANES * scores) : 0;
  const [queries, keys] = [4 * B * R * D, own ? 4 * B * keysOf(block) * D : 0];
  const dread = arena.allocate(2 * (queries + keys));
  const dq = dread + queries;
  const dkeys = dq + queries;
  pool.run(Op.blockGrad, 2 * work(block, B), [
    ...words(block, B, { ...at, y: 0 }),
    ...[at.dy, at.dx, sums.dk, sums.dv, biasLanes, lanes, parameters],
    ...[dread, dq, dkeys, dkeys + keys],
  ]);
  pool.run(Op.laneSum, parameters, [sums.weights, lanes, parameters, 1]);
  if (sums.bias) pool.run(Op.laneSum, scores, [sums.bias, biasLanes, scores, 1]);
  for (const address of [lanes, dread]) arena.free(address);
  if (biasLanes) arena.free(biasLanes);
}
