/** Where a block's parameters lie, or their gradients: as `WEIGHTS` in src/kernels/unroll.ts has them. */
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
  key: usize;
  value: usize;
}

/**
 * The words of BLOCK and BLOCK_GRAD. Rows are tokens, [B·R, D] unless said; T = S + R keys where the
 * tokens attend to one another too (`own`), else S.
 */
@unmanaged
export class BlockArguments extends BlockParameters {
  B: i32;
  R: i32;
  /** Keys of the context. */
  S: i32;
  H: i32;
  D: i32;
  F: i32;
  own: i32;
  eps: f32;

  x: usize;
  /** Keys and values of the context [B, S, D]. */
  k: usize;
  v: usize;
  /** [H, R, T]; 0: none. */
  bias: usize;

  // What BLOCK leaves for BLOCK_GRAD.
  y: usize;
  /** Scales of the four norms [B·R]. */
  r1: usize;
  r2: usize;
  r3: usize;
  r4: usize;
  q: usize;
  /** [B, T, D] where `own`. */
  keys: usize;
  values: usize;
  /** [B, H, R, T] */
  probs: usize;
  read: usize;
  projected: usize;
  middle: usize;
  /** [B·R, F] */
  hidden: usize;
  forwarded: usize;

  // Of BLOCK_GRAD alone.
  dy: usize;
  dx: usize;
  /** [B, S, D] */
  dk: usize;
  dv: usize;
  /** [LANES, H, R, T]; 0: none. */
  dbias: usize;
  /** Gradients of the parameters in the order above, `parameters` numbers a lane. */
  lanes: usize;
  parameters: i32;
  // Workspace like `read`, `q`, `keys` and `values`.
  dread: usize;
  dq: usize;
  dkeys: usize;
  dvalues: usize;
}

/** Rows that go through a block together, so that what is in between stays in cache. */
export const CHUNK: i32 = 64;

/** Elements of the batch a tile has; one where keys of the context stand between its own. */
export function tileElements(a: BlockArguments): i32 {
  return a.own && a.S ? 1 : max(1, CHUNK / max(1, a.R));
}

/** Bytes of a packed b [K, N]. */
@inline
export function panelBytes(K: i32, N: i32): usize {
  return <usize>(K * ((N + 7) / 8)) << 5;
}
