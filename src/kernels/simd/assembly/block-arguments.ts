/** Where a block's parameters lie, or their gradients: as `PARAMETERS` in ops/block.ts has them. */
@unmanaged
export class BlockParameters {
  attentionBefore: usize;
  query: usize;
  out: usize;
  attentionAfter: usize;
  forwardBefore: usize;
  inner: usize;
  innerBias: usize;
  outer: usize;
  forwardAfter: usize;
  /** 0: tokens attend to the context alone. */
  key: usize;
  value: usize;
  /** What a step begins with, in the first block alone; 0: none. */
  gain: usize;
  keep: usize;
}

/**
 * The words of BLOCK and BLOCK_GRAD. Of the B elements the first `whole` go on; of the others only the readout,
 * their first token, is asked for: so they have one query, not R. Arrays lie element by element, [·, D] unless
 * said: one row a token (B·R of them) or one a query (whole·R + B − whole). T = S + R keys where tokens
 * attend to one another too (`key`), else S.
 */
@unmanaged
export class BlockArguments extends BlockParameters {
  /** The matrices as panels (place-panels.ts); 0: as they are, for few rows. */
  panels: usize;
  B: i32;
  whole: i32;
  R: i32;
  /** Keys of the context. */
  S: i32;
  H: i32;
  D: i32;
  F: i32;
  eps: f32;

  /** The state before the step [B, R, D], of which the block makes x; 0: x is given. */
  z: usize;
  /** [B, R, D]; 0: none. */
  inject: usize;
  /** Keys and values of the context [B, S, D]. */
  k: usize;
  v: usize;
  /** [H, R, T]; 0: none. */
  bias: usize;
  /** [whole, R, D] */
  y: usize;
  /** [B, D]; 0: not asked for. */
  readouts: usize;

  /** Bytes from a thread's own tile to the next's where nothing is kept for BLOCK_GRAD; 0: all is kept. */
  ownStep: usize;
  /** A row a token. */
  x: usize;
  /** `z·keep + inject`, a row a token; 0: none. */
  mixed: usize;
  /** Scales of the norms: of `mixed` or z and of x a number a token, of the other three a number a query. */
  r0: usize;
  r1: usize;
  r2: usize;
  r3: usize;
  r4: usize;
  /** x of the readouts [B − whole, D]. */
  first: usize;
  /** A row a query, as also `read`, `projected`, `middle` and `forwarded`. */
  q: usize;
  /** [B, T, D] where tokens attend to one another. */
  keys: usize;
  values: usize;
  /** H·T numbers a query. */
  probs: usize;
  read: usize;
  projected: usize;
  middle: usize;
  /** F numbers a query. */
  hidden: usize;
  forwarded: usize;

  // Of BLOCK_GRAD alone.
  /** Of y; what comes by the readouts is added. */
  dy: usize;
  /** 0: none. */
  dreadouts: usize;
  /** Of z where the block begins with it, else of x. */
  dx: usize;
  /** Added to: of inject, and of k and v. */
  dinject: usize;
  dk: usize;
  dv: usize;
  /** [LANES, H, R, T], added to; 0: none. */
  dbias: usize;
  /** Gradients of the parameters in the order above, `parameters` numbers a lane; added to. */
  lanes: usize;
  parameters: i32;
  /** A thread's own, `workStep` bytes apart: dread and dq, a row a query of a tile; dfirst, a row a query. */
  work: usize;
  workStep: usize;
}

/** Rows that go through a block together at most, so that what is in between stays in cache. */
export const CHUNK: i32 = 64;

/** Elements of a tile: few where the batch is small, so that all threads have some. */
export function tileElements(B: i32, R: i32): i32 {
  const rows = max(16, min(CHUNK, (B * R) >> 3));
  return max(1, rows / max(1, R));
}
