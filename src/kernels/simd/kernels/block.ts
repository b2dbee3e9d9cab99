import type * as tf from '@tensorflow/tfjs-core';
import { EPS } from '../../ops/rms-norm.ts';
import { WEIGHTS } from '../../ops/unroll.ts';
import { LANES, Op } from '../runtime/kernel.ts';
import { floatBits } from '../runtime/pool.ts';
import type { SimdBackend } from '../runtime/simd-backend.ts';

/** A block on the simd backend; addresses as BLOCK's words have them (block-arguments.ts). */
export interface BlockAt {
  R: number;
  /** Keys of the context. */
  S: number;
  H: number;
  D: number;
  F: number;
  /** Whether tokens attend to one another. */
  own: boolean;
  k: number;
  v: number;
  bias: number;
  /** What the first block of a step makes x of: the injected tokens, and whether z is multiplied by `keep`. */
  begin?: { inject: number; mix: boolean };
  /** Addresses of the parameters, in the order of their gradients. */
  parameters: readonly number[];
  /** Numbers in all of them. */
  size: number;
  /** The matrices packed; 0: used as they are. */
  panels: number;
}

/** Parameters of a block by name, and what it attends to. */
export type BlockTensors = Readonly<Record<string, tf.TensorInfo | undefined>>;

/** In the order of BLOCK's words; absent ones are 0. */
const PARAMETERS: readonly string[] = [...WEIGHTS, 'gain', 'keep'];

export const parametersOf = (tensors: BlockTensors) =>
  PARAMETERS.filter((name) => tensors[name] !== undefined);

/** A block of a state [B, R, D] with so many heads, as the backend has its tensors. */
export function blockAt(
  backend: SimdBackend,
  [, R, D]: readonly number[],
  heads: number,
  tensors: BlockTensors,
): BlockAt {
  const at = (name: string) => (tensors[name] ? backend.address(tensors[name]) : 0);
  const names = parametersOf(tensors);
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
    parameters: PARAMETERS.map(at),
    size: names.reduce((sum, name) => sum + tensors[name]!.shape.reduce((a, b) => a * b, 1), 0),
    panels: 0,
  };
}

/** Floats of a block's packed matrices. */
export function panelFloats({ D, F, own, begin }: BlockAt): number {
  const [columns, hidden] = [8 * Math.ceil(D / 8), 8 * Math.ceil(F / 8)];
  const squares = 2 + (own ? 2 : 0) + (begin?.mix ? 1 : 0);
  return squares * D * columns + D * hidden + F * columns;
}

/** Packs a block's matrices at that address, as they are or transposed. */
export function pack(
  { pool }: SimdBackend,
  block: BlockAt,
  panels: number,
  transposed: boolean,
): BlockAt {
  const { D, F, parameters } = block;
  pool.run(Op.pack, panelFloats(block), [...parameters, panels, D, F, transposed ? 1 : 0]);
  return { ...block, panels };
}

const keysOf = ({ S, R, own }: BlockAt) => S + (own ? R : 0);

/** How many scores a block’s attention has in all, and so its bias. */
export const scoresOf = (block: BlockAt) => block.H * block.R * keysOf(block);

/** Whole cache lines, in floats. */
export const aligned = (size: number) => Math.ceil(size / 16) * 16;

/** Elements that BLOCK takes together: `tileElements` of block-arguments.ts. */
function groupOf({ R }: BlockAt, B: number): number {
  const rows = Math.max(16, Math.min(64, (B * R) >> 3));
  return Math.max(1, Math.floor(rows / R));
}

/** How much goes through a block: elements, rows that are queries, readouts whose x lies apart. */
interface Extent {
  B: number;
  queries: number;
  apart: number;
}

function extentOf({ R }: BlockAt, B: number, whole: number): Extent {
  return { B, queries: whole * R + B - whole, apart: B - whole };
}

/** Floats of the parts that BLOCK leaves for BLOCK_GRAD, in the order of their words. */
function parts(block: BlockAt, { B, queries, apart }: Extent): number[] {
  const { R, H, D, F, own, begin } = block;
  const [tokens, T] = [B * R, keysOf(block)];
  const keys = own ? B * T * D : 0;
  return [
    ...[begin ? tokens * D : 0, begin?.mix ? tokens * D : 0, begin ? tokens : 0, tokens],
    ...[queries, queries, queries, apart * D, queries * D, keys, keys, queries * H * T],
    ...[queries * D, queries * D, queries * D, queries * F, queries * D],
  ];
}

const floats = (sizes: number[]) => sizes.reduce((sum, size) => sum + aligned(size), 0);

/** Floats that BLOCK leaves for BLOCK_GRAD, for B elements of which `whole` go on. */
export function keptBy(block: BlockAt, B: number, whole: number): number {
  return floats(parts(block, extentOf(block, B, whole)));
}

/** Floats of one thread's memory where nothing is kept, for B elements. */
export function ownFloats(block: BlockAt, B: number): number {
  return floats(parts(block, groupExtent(block, B)));
}

function groupExtent(block: BlockAt, B: number): Extent {
  const size = groupOf(block, B);
  return { B: size, queries: size * block.R, apart: size };
}

/** Where a block's operands lie. */
export interface Operands {
  /** z where the block begins a step, else x [B, R, D]. */
  from: number;
  /** [whole, R, D] */
  y: number;
  /** [B, D]; 0: not asked for. */
  readouts: number;
  /** What is kept for the gradients, or each thread's own memory. */
  kept: number;
  own?: boolean;
}

/** y = block(x), for B elements of which `whole` go on. */
export function runBlock(
  backend: SimdBackend,
  block: BlockAt,
  B: number,
  whole: number,
  at: Operands,
): void {
  backend.pool.run(Op.block, work(block, B), words(block, B, whole, at));
}

/** Multiply-adds of the products, if all elements go on. */
function work(block: BlockAt, B: number): number {
  const { R, D, F, own } = block;
  return B * R * (2 * D * D + 2 * D * F + 2 * keysOf(block) * D + (own ? 2 * D * D : 0));
}

function words(
  block: BlockAt,
  B: number,
  whole: number,
  { from, y, readouts, kept, own = false }: Operands,
): number[] {
  const { R, S, H, D, F, k, v, bias, begin, parameters, panels } = block;
  let address = kept;
  const sizes = parts(block, own ? groupExtent(block, B) : extentOf(block, B, whole));
  const [x, ...places] = sizes.map((size) => {
    const place = address;
    address += 4 * aligned(size);
    return place;
  });
  return [
    ...[...parameters, panels, B, whole, R, S, H, D, F, floatBits(EPS)],
    ...[begin ? from : 0, begin?.inject ?? 0, k, v, bias, y, readouts],
    ...[own ? 4 * floats(sizes) : 0, begin ? x : from, ...places],
  ];
}

/** Where gradients lie. */
export interface GradientOperands {
  /** Of y [whole, R, D]; what comes by the readouts is added to it. */
  dy: number;
  /** Of the readouts [B, D]; 0: none. */
  dreadouts: number;
  /** Of z or x [B, R, D]. */
  dx: number;
}

/** Sums of the gradients of a block, over all depths. */
export interface BlockSums {
  /** [LANES, size of the parameters] */
  lanes: number;
  /** [LANES, H, R, keys]; 0: none. */
  bias: number;
  /** Of k and v [B, S, D], and of inject [B, R, D]; 0: none. */
  dk: number;
  dv: number;
  dinject: number;
}

/** dx from dy, where BLOCK has run with the same operands; adds to the sums. */
export function runBlockGrad(
  backend: SimdBackend,
  block: BlockAt,
  B: number,
  whole: number,
  at: { from: number; kept: number } & GradientOperands,
  { lanes, bias, dk, dv, dinject }: BlockSums,
): void {
  const { arena, pool } = backend;
  const size = groupOf(block, B);
  const workStep = 4 * aligned(size * block.D * (4 * block.R + 2 * keysOf(block)));
  const room = arena.allocate(pool.threads * workStep);
  pool.run(Op.blockGrad, 2 * work(block, B), [
    ...words(block, B, whole, { ...at, y: 0, readouts: 0 }),
    ...[at.dy, at.dreadouts, at.dx, dinject, dk, dv, bias, lanes, block.size, room, workStep],
  ]);
  arena.free(room);
}

/** Lanes of zeros for the gradients of so many numbers. */
export function zeroLanes({ arena }: SimdBackend, numbers: number): number {
  const address = arena.allocate(4 * LANES * numbers);
  new Float32Array(arena.memory.buffer, address, LANES * numbers).fill(0);
  return address;
}
