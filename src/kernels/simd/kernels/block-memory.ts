import { CHUNK } from '../runtime/constants.ts';
import type { BlockAt } from './block-parameters.ts';

/** How many keys each token of a block attends to. */
export const keysOf = ({ S, R, own }: BlockAt) => S + (own ? R : 0);

/** Room for the scores of a query in a head: those of its element's keys, and of the rows of the longest range. */
export const scoresOf = (block: BlockAt) => keysOf(block) + (block.shared?.longest ?? 0);

/** A size in floats, rounded up to whole cache lines. */
export const aligned = (size: number) => Math.ceil(size / 16) * 16;

/** How many elements go through a block together: few if the batch is small, so that each thread has some. */
export function groupOf({ R }: BlockAt, B: number): number {
  const rows = Math.max(16, Math.min(CHUNK, (B * R) >> 3));
  return Math.max(1, Math.floor(rows / R));
}

/** How much goes through a block: elements, queries, those whose probs are kept, and readouts whose x lies apart. */
export interface Extent {
  B: number;
  queries: number;
  weighed: number;
  apart: number;
}

export function extentOf({ R }: BlockAt, B: number, whole: number): Extent {
  const queries = whole * R + B - whole;
  return { B, queries, weighed: queries, apart: B - whole };
}

/** Of a group that keeps nothing for gradients: its elements have the same room for their probs, one after another. */
export function groupExtent(block: BlockAt, B: number): Extent {
  const size = groupOf(block, B);
  return { B: size, queries: size * block.R, weighed: block.R, apart: size };
}

/** How many floats each array has that `block` leaves for `blockGrad`. */
export function partsOf(block: BlockAt, { B, queries, weighed, apart }: Extent) {
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
    probs: weighed * H * scoresOf(block),
    read: queries * D,
    projected: queries * D,
    middle: queries * D,
    hidden: queries * F,
    forwarded: queries * D,
  };
}

export const floatsOf = (parts: Readonly<Record<string, number>>) =>
  Object.values(parts).reduce((sum, size) => sum + aligned(size), 0);

/** How many floats `block` leaves for `blockGrad`, for B elements of which `whole` go on. */
export function keptBy(block: BlockAt, B: number, whole: number): number {
  return floatsOf(partsOf(block, extentOf(block, B, whole)));
}

/** How many floats one thread needs for B elements, if nothing is kept for `blockGrad`. */
export function ownFloats(block: BlockAt, B: number): number {
  return floatsOf(partsOf(block, groupExtent(block, B)));
}
