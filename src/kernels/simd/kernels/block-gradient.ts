import { CHUNK } from '../runtime/constants.ts';
import { defineKernel, int, optional, pointer } from '../runtime/define-kernel.ts';
import type { SimdBackend } from '../runtime/simd-backend.ts';
import { block, blockArguments } from './block.ts';
import { aligned, groupOf, keysOf, scoresOf } from './block-memory.ts';
import { type BlockAt, blockParameters } from './block-parameters.ts';
import type { Lanes } from './lane-sum.ts';
import { sharedSums } from './shared-rows.ts';

export const blockGrad = defineKernel('blockGrad', {
  args: {
    block,
    dy: pointer('of y; the kernel adds the gradients of the readouts to it'),
    dreadouts: optional('[B, D]'),
    dx: pointer('of z if the block begins with it, else of x'),
    dinject: optional('of inject, added to'),
    dk: optional('of k, added to'),
    dv: optional('of v, added to'),
    dbias: optional('[LANES, H, R, T], added to'),
    dshared: sharedSums,
    sums: blockParameters,
    laneStep: int('bytes from the sums of a lane to those of the next; they are added to'),
    work: pointer("each thread's own memory"),
    workStep: int('bytes of it'),
  },
  split: { by: 'own' },
  scratch: true,
  work: ({ block: given }) => 2 * block.work(given),
});

/** The addresses of the gradients at one depth. */
export interface GradientOperands {
  /** Of y [whole, R, D]; the kernel adds the gradients of the readouts to it. */
  dy: number;
  /** Of the readouts [B, D], if there are any. */
  dreadouts?: number;
  /** Of z or x [B, R, D]. */
  dx: number;
}

/** Sums of the gradients of a block, over all depths. */
export interface BlockSums {
  parameters: Lanes;
  /** [H, R, keys] */
  bias?: Lanes;
  /** Of what the elements share. */
  shared?: Lanes;
  /** Of k and v [B, S, D], and of inject [B, R, D]. */
  dk?: number;
  dv?: number;
  dinject?: number;
}

/** Computes dx from dy, after `block` has run with the same operands; adds to the sums. */
export function runBlockGrad(
  { arena, pool }: SimdBackend,
  at: BlockAt,
  B: number,
  whole: number,
  { from, kept, dy, dreadouts, dx }: { from: number; kept: number } & GradientOperands,
  { parameters, bias, shared, dk, dv, dinject }: BlockSums,
): void {
  const size = groupOf(at, B);
  const scores = shared ? Math.min(CHUNK, at.R) * scoresOf(at) : 0;
  const workStep = 4 * aligned(size * at.D * (4 * at.R + 2 * keysOf(at)) + scores);
  const work = arena.allocate(pool.threads * workStep);
  pool.run(blockGrad, {
    block: blockArguments(at, B, whole, { from, kept, y: 0 }),
    dy,
    dreadouts,
    dx,
    dinject,
    dk,
    dv,
    dbias: bias?.at.bias,
    dshared: {
      k: shared?.at.K,
      v: shared?.at.V,
      bias: shared?.at.far,
      laneStep: shared?.step ?? 0,
    },
    sums: parameters.at as BlockAt['weights'] & Record<string, number>,
    laneStep: parameters.step,
    work,
    workStep,
  });
  arena.free(work);
}
