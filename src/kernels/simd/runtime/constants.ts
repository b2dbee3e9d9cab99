// Numbers that kernels and their callers share: every export of this file is a constant of `assembly/generated` too.
export { STEP_FEATURES } from '../../ops/heads.ts';
export { MAX_FORWARD } from '../../ops/unroll.ts';

/** Sums over a batch are made in this many lanes, for any number of threads. `laneSum` adds the lanes up. */
export const LANES = 8;
/** The most rows that go through a block together, so that everything between its products stays in cache. */
export const CHUNK = 64;
/** Columns of a register tile, and so of a packed panel. */
export const COLUMNS = 8;
/** Bytes of scratch memory that each thread has. */
export const SCRATCH = 1_048_576;
