import type * as tf from '@tensorflow/tfjs-core';
import { WEIGHTS } from '../../ops/unroll.ts';
import { optional, pointer, struct, type Values } from '../runtime/define-kernel.ts';
import type { SimdBackend } from '../runtime/simd-backend.ts';
import { pack, packedFloats, panelsOf } from './pack.ts';
import type { RangesAt, SharedRows } from './shared-rows.ts';

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
  /** Added to the scores of each element's keys [B, keys]. */
  mask?: number;
  /** The rows that all elements share. */
  shared?: SharedRows;
  /** How the first block of a step computes x: the injected tokens, and whether it multiplies z by `keep`. */
  begin?: { inject?: number; mix: boolean };
  weights: Parameters;
  /** Whether the matrices among the weights are packed. */
  packed: boolean;
}

/** The tensors of a block by name: parameters, context, bias, mask and memory. */
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
  ranges?: RangesAt,
): BlockAt {
  // Properties by their names: one lookup by a variable name, for all of them, is several times as slow.
  const at = (tensor: tf.TensorInfo | undefined) => tensor && backend.address(tensor);
  const begin = tensors.gain && { inject: at(tensors.inject), mix: tensors.keep !== undefined };
  const { far } = tensors;
  const shared = far &&
    ranges && {
      ...ranges,
      k: at(tensors.K),
      v: at(tensors.V),
      bias: at(tensors.far),
      most: far.shape[1],
    };
  return {
    R,
    S: tensors.k?.shape[1] ?? 0,
    H: heads,
    D,
    F: tensors.innerBias!.shape[0],
    own: tensors.key !== undefined,
    k: at(tensors.k),
    v: at(tensors.v),
    bias: at(tensors.bias),
    mask: at(tensors.mask),
    shared,
    begin,
    weights: {
      attentionBefore: at(tensors.attentionBefore)!,
      query: at(tensors.query)!,
      out: at(tensors.out)!,
      attentionAfter: at(tensors.attentionAfter)!,
      forwardBefore: at(tensors.forwardBefore)!,
      inner: at(tensors.inner)!,
      innerBias: at(tensors.innerBias)!,
      outer: at(tensors.outer)!,
      forwardAfter: at(tensors.forwardAfter)!,
      key: at(tensors.key),
      value: at(tensors.value),
      gain: at(tensors.gain),
      keep: at(tensors.keep),
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

/** Packs the matrices of a block into memory from `to` on, transposed if asked. Returns the block with their new places. */
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
