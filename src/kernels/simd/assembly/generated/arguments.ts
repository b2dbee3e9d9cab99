// Written by `npm run build:kernels` from src/kernels/simd/kernels: do not edit.

export const CHUNK: i32 = 64;
export const COLUMNS: i32 = 8;
export const LANES: i32 = 8;
export const MAX_FORWARD: i32 = 1024;
export const SCRATCH: i32 = 1048576;
export const STEP_FEATURES: i32 = 2;

@unmanaged
export class AdamArguments {
  /** parameters [n] */
  p: usize;
  /** gradients [n] */
  g: usize;
  /** means of the gradients [n] */
  m: usize;
  /** means of their squares [n] */
  v: usize;
  n: i32;
  lr: f32;
  beta1: f32;
  beta2: f32;
  eps: f32;
  /** 1 − β₁ᵗ */
  correction1: f32;
  /** 1 − β₂ᵗ */
  correction2: f32;
  /** factor of the gradients */
  clip: f32;
}

@unmanaged
export class SquareSumArguments {
  /** [LANES] in float64 */
  lanes: usize;
  /** [n] */
  x: usize;
  n: i32;
}

@unmanaged
export class AddArguments {
  /** [rows, n] */
  y: usize;
  /** [rows, n] */
  a: usize;
  /** [n] */
  b: usize;
  rows: i32;
  n: i32;
}

@unmanaged
export class AttentionArguments {
  /** [B, R, D] */
  y: usize;
  /** [B, H, R, S] */
  probs: usize;
  /** [B, R, D] */
  q: usize;
  /** [B, S, D] */
  k: usize;
  /** [B, S, D] */
  v: usize;
  /** [H, R, S]; 0: absent */
  bias: usize;
  /** [B, S]; 0: absent */
  mask: usize;
  B: i32;
  /** queries */
  R: i32;
  /** keys */
  S: i32;
  /** heads */
  H: i32;
  /** width of all heads */
  D: i32;
}

@unmanaged
export class AttentionGradArguments {
  /** [B, R, D] */
  dq: usize;
  /** [B, S, D] */
  dk: usize;
  /** [B, S, D] */
  dv: usize;
  /** [LANES, H, R, S]; 0: absent */
  dbias: usize;
  /** [B, R, D] */
  dy: usize;
  /** [B, H, R, S] */
  probs: usize;
  /** [B, R, D] */
  q: usize;
  /** [B, S, D] */
  k: usize;
  /** [B, S, D] */
  v: usize;
  B: i32;
  /** queries */
  R: i32;
  /** keys */
  S: i32;
  /** heads */
  H: i32;
  /** width of all heads */
  D: i32;
  /** whether dk and dv are added to */
  accumulate: i32;
}

@unmanaged
export class BlockParameters {
  /** [D] */
  attentionBefore: usize;
  /** [D, D] */
  query: usize;
  /** [D, D] */
  out: usize;
  /** [D] */
  attentionAfter: usize;
  /** [D] */
  forwardBefore: usize;
  /** [D, F] */
  inner: usize;
  /** [F] */
  innerBias: usize;
  /** [F, D] */
  outer: usize;
  /** [D] */
  forwardAfter: usize;
  /** [D, D]; without it, tokens attend to the context alone; 0: absent */
  key: usize;
  /** [D, D]; 0: absent */
  value: usize;
  /** [D], of the norm that a step begins with: the first block has it; 0: absent */
  gain: usize;
  /** [D, D], by which the first block multiplies z; 0: absent */
  keep: usize;
}

@unmanaged
export class SharedRows {
  /** [M, D]; 0: absent */
  k: usize;
  /** [M, D]; 0: absent */
  v: usize;
  /** [H, most]; 0: absent */
  bias: usize;
  /** the first row of each element, int32 [B]; 0: absent */
  begin: usize;
  /** the row after its last, int32 [B]; 0: absent */
  end: usize;
  /** rows that a range may have */
  most: i32;
  /** rows of the longest range */
  longest: i32;
}

@unmanaged
export class BlockArguments {
  @inline get weights(): BlockParameters { return changetype<BlockParameters>(changetype<usize>(this)); }
  private weights_attentionBefore: usize;
  private weights_query: usize;
  private weights_out: usize;
  private weights_attentionAfter: usize;
  private weights_forwardBefore: usize;
  private weights_inner: usize;
  private weights_innerBias: usize;
  private weights_outer: usize;
  private weights_forwardAfter: usize;
  private weights_key: usize;
  private weights_value: usize;
  private weights_gain: usize;
  private weights_keep: usize;
  /** 1: the matrices are packed; 0: they lie as they are, for few rows */
  packed: i32;
  /** elements of the batch */
  B: i32;
  /** elements that go on */
  whole: i32;
  /** elements that go through the block together */
  group: i32;
  /** tokens */
  R: i32;
  /** keys of the context */
  S: i32;
  /** heads */
  H: i32;
  /** model width, a multiple of four */
  D: i32;
  /** feed-forward width, a multiple of four */
  F: i32;
  eps: f32;
  /** the state before the step [B, R, D], from which the block computes x; without it, x is given; 0: absent */
  z: usize;
  /** [B, R, D]; 0: absent */
  inject: usize;
  /** keys of the context [B, S, D]; 0: absent */
  k: usize;
  /** values of the context [B, S, D]; 0: absent */
  v: usize;
  /** [H, R, T]; 0: absent */
  bias: usize;
  /** [B, T]; 0: absent */
  mask: usize;
  @inline get shared(): SharedRows { return changetype<SharedRows>(changetype<usize>(this) + 116); }
  private shared_k: usize;
  private shared_v: usize;
  private shared_bias: usize;
  private shared_begin: usize;
  private shared_end: usize;
  private shared_most: i32;
  private shared_longest: i32;
  /** [whole, R, D] */
  y: usize;
  /** [B, D]; 0: absent */
  readouts: usize;
  /** bytes from one thread's memory to the next one's, if nothing is kept for blockGrad; 0: everything is kept */
  ownStep: i32;
  /** a row a token */
  x: usize;
  /** `z·keep + inject`, a row a token */
  mixed: usize;
  /** scales of the norm of `mixed` or z, a number a token */
  r0: usize;
  /** of the norm of x, a number a token */
  r1: usize;
  /** of `projected`, a number a query */
  r2: usize;
  /** of `middle`, a number a query */
  r3: usize;
  /** of `forwarded`, a number a query */
  r4: usize;
  /** x of the readouts [B − whole, D] */
  first: usize;
  /** a row a query */
  q: usize;
  /** [B, T, D] where tokens attend to one another */
  keys: usize;
  /** [B, T, D] where tokens attend to one another */
  values: usize;
  /** H·(T + the longest range) numbers a query; if nothing is kept, those of one element at a time */
  probs: usize;
  /** a row a query */
  read: usize;
  /** a row a query */
  projected: usize;
  /** a row a query */
  middle: usize;
  /** F numbers a query */
  hidden: usize;
  /** a row a query */
  forwarded: usize;
}

@unmanaged
export class SharedSums {
  /** [M, D]; 0: absent */
  k: usize;
  /** [M, D]; 0: absent */
  v: usize;
  /** [H, most]; 0: absent */
  bias: usize;
  /** bytes from the sums of a lane to those of the next; they are added to */
  laneStep: i32;
}

@unmanaged
export class BlockGradArguments {
  @inline get block(): BlockArguments { return changetype<BlockArguments>(changetype<usize>(this)); }
  private block_weights_attentionBefore: usize;
  private block_weights_query: usize;
  private block_weights_out: usize;
  private block_weights_attentionAfter: usize;
  private block_weights_forwardBefore: usize;
  private block_weights_inner: usize;
  private block_weights_innerBias: usize;
  private block_weights_outer: usize;
  private block_weights_forwardAfter: usize;
  private block_weights_key: usize;
  private block_weights_value: usize;
  private block_weights_gain: usize;
  private block_weights_keep: usize;
  private block_packed: i32;
  private block_B: i32;
  private block_whole: i32;
  private block_group: i32;
  private block_R: i32;
  private block_S: i32;
  private block_H: i32;
  private block_D: i32;
  private block_F: i32;
  private block_eps: f32;
  private block_z: usize;
  private block_inject: usize;
  private block_k: usize;
  private block_v: usize;
  private block_bias: usize;
  private block_mask: usize;
  private block_shared_k: usize;
  private block_shared_v: usize;
  private block_shared_bias: usize;
  private block_shared_begin: usize;
  private block_shared_end: usize;
  private block_shared_most: i32;
  private block_shared_longest: i32;
  private block_y: usize;
  private block_readouts: usize;
  private block_ownStep: i32;
  private block_x: usize;
  private block_mixed: usize;
  private block_r0: usize;
  private block_r1: usize;
  private block_r2: usize;
  private block_r3: usize;
  private block_r4: usize;
  private block_first: usize;
  private block_q: usize;
  private block_keys: usize;
  private block_values: usize;
  private block_probs: usize;
  private block_read: usize;
  private block_projected: usize;
  private block_middle: usize;
  private block_hidden: usize;
  private block_forwarded: usize;
  /** of y; the kernel adds the gradients of the readouts to it */
  dy: usize;
  /** [B, D]; 0: absent */
  dreadouts: usize;
  /** of z if the block begins with it, else of x */
  dx: usize;
  /** of inject, added to; 0: absent */
  dinject: usize;
  /** of k, added to; 0: absent */
  dk: usize;
  /** of v, added to; 0: absent */
  dv: usize;
  /** [LANES, H, R, T], added to; 0: absent */
  dbias: usize;
  @inline get dshared(): SharedSums { return changetype<SharedSums>(changetype<usize>(this) + 252); }
  private dshared_k: usize;
  private dshared_v: usize;
  private dshared_bias: usize;
  private dshared_laneStep: i32;
  @inline get sums(): BlockParameters { return changetype<BlockParameters>(changetype<usize>(this) + 268); }
  private sums_attentionBefore: usize;
  private sums_query: usize;
  private sums_out: usize;
  private sums_attentionAfter: usize;
  private sums_forwardBefore: usize;
  private sums_inner: usize;
  private sums_innerBias: usize;
  private sums_outer: usize;
  private sums_forwardAfter: usize;
  private sums_key: usize;
  private sums_value: usize;
  private sums_gain: usize;
  private sums_keep: usize;
  /** bytes from the sums of a lane to those of the next; they are added to */
  laneStep: i32;
  /** each thread's own memory */
  work: usize;
  /** bytes of it */
  workStep: i32;
}

@unmanaged
export class Windows {
  height: i32;
  width: i32;
  channels: i32;
  /** windows in a column of the picture */
  outHeight: i32;
  /** windows in a row of the picture */
  outWidth: i32;
  filterHeight: i32;
  filterWidth: i32;
  strideHeight: i32;
  strideWidth: i32;
  dilationHeight: i32;
  dilationWidth: i32;
  /** padding above the picture */
  top: i32;
  /** padding beside the picture */
  left: i32;
}

@unmanaged
export class Col2imArguments {
  /** [·, height, width, channels]; the sums are added to it */
  dx: usize;
  /** [lines, outWidth, filterHeight, filterWidth, channels] */
  columns: usize;
  @inline get windows(): Windows { return changetype<Windows>(changetype<usize>(this) + 8); }
  private windows_height: i32;
  private windows_width: i32;
  private windows_channels: i32;
  private windows_outHeight: i32;
  private windows_outWidth: i32;
  private windows_filterHeight: i32;
  private windows_filterWidth: i32;
  private windows_strideHeight: i32;
  private windows_strideWidth: i32;
  private windows_dilationHeight: i32;
  private windows_dilationWidth: i32;
  private windows_top: i32;
  private windows_left: i32;
  /** the first line of windows: picture · outHeight + row */
  line: i32;
  lines: i32;
  /** the first row of dx that they may reach: picture · height + row */
  row: i32;
  /** how many they may reach */
  rows: i32;
  /** in a line of windows */
  numbers: i32;
}

@unmanaged
export class Im2colArguments {
  /** [lines, outWidth, filterHeight, filterWidth, channels] */
  columns: usize;
  /** [·, height, width, channels] */
  x: usize;
  @inline get windows(): Windows { return changetype<Windows>(changetype<usize>(this) + 8); }
  private windows_height: i32;
  private windows_width: i32;
  private windows_channels: i32;
  private windows_outHeight: i32;
  private windows_outWidth: i32;
  private windows_filterHeight: i32;
  private windows_filterWidth: i32;
  private windows_strideHeight: i32;
  private windows_strideWidth: i32;
  private windows_dilationHeight: i32;
  private windows_dilationWidth: i32;
  private windows_top: i32;
  private windows_left: i32;
  /** the first line of windows: picture · outHeight + row */
  line: i32;
  lines: i32;
  /** in a line of windows */
  numbers: i32;
}

@unmanaged
export class FieldArguments {
  /** n rows of width */
  y: usize;
  yStep: i32;
  /** n whole numbers as float32 */
  ids: usize;
  idStep: i32;
  /** [·, width] */
  table: usize;
  n: i32;
  width: i32;
}

@unmanaged
export class FieldGradArguments {
  /** [·, width], added to */
  dtable: usize;
  /** n rows of width */
  dy: usize;
  dyStep: i32;
  /** n whole numbers as float32 */
  ids: usize;
  idStep: i32;
  n: i32;
  width: i32;
}

@unmanaged
export class HeadWeights {
  /** [D] */
  gain: usize;
  /** [D, A] */
  action: usize;
  /** [A] */
  actionBias: usize;
  /** [F]; 0: absent */
  free: usize;
  /** [D + STEP_FEATURES] */
  value: usize;
  /** [1] */
  valueBias: usize;
  /** [D + STEP_FEATURES] */
  halt: usize;
  /** [1] */
  haltBias: usize;
}

@unmanaged
export class HeadsArguments {
  /** [N, A + F + 2]: action parameters, free ones, value and halting logit */
  y: usize;
  /** [N, R, D] */
  z: usize;
  /** of the number of steps [N, STEP_FEATURES] */
  features: usize;
  /** states */
  N: i32;
  /** tokens */
  R: i32;
  /** a multiple of four */
  D: i32;
  /** action parameters */
  A: i32;
  /** free ones */
  F: i32;
  eps: f32;
  @inline get weights(): HeadWeights { return changetype<HeadWeights>(changetype<usize>(this) + 36); }
  private weights_gain: usize;
  private weights_action: usize;
  private weights_actionBias: usize;
  private weights_free: usize;
  private weights_value: usize;
  private weights_valueBias: usize;
  private weights_halt: usize;
  private weights_haltBias: usize;
}

@unmanaged
export class HeadsGradArguments {
  @inline get heads(): HeadsArguments { return changetype<HeadsArguments>(changetype<usize>(this)); }
  private heads_y: usize;
  private heads_z: usize;
  private heads_features: usize;
  private heads_N: i32;
  private heads_R: i32;
  private heads_D: i32;
  private heads_A: i32;
  private heads_F: i32;
  private heads_eps: f32;
  private heads_weights_gain: usize;
  private heads_weights_action: usize;
  private heads_weights_actionBias: usize;
  private heads_weights_free: usize;
  private heads_weights_value: usize;
  private heads_weights_valueBias: usize;
  private heads_weights_halt: usize;
  private heads_weights_haltBias: usize;
  /** [N, A + F + 2] */
  dy: usize;
  /** [N, R, D] */
  dz: usize;
  @inline get sums(): HeadWeights { return changetype<HeadWeights>(changetype<usize>(this) + 76); }
  private sums_gain: usize;
  private sums_action: usize;
  private sums_actionBias: usize;
  private sums_free: usize;
  private sums_value: usize;
  private sums_valueBias: usize;
  private sums_halt: usize;
  private sums_haltBias: usize;
  /** bytes from the sums of a lane to those of the next; they are added to */
  laneStep: i32;
}

@unmanaged
export class LaneSumArguments {
  /** [n] */
  y: usize;
  /** [LANES, n] */
  lanes: usize;
  n: i32;
  /** whether the sums are added to y */
  accumulate: i32;
}

@unmanaged
export class MatMulArguments {
  /** [M, N] */
  y: usize;
  /** [M, K], or [K, M] if transA */
  a: usize;
  /** [K, N], or [N, K] if transB */
  b: usize;
  /** [N]; 0: absent */
  bias: usize;
  M: i32;
  K: i32;
  N: i32;
  transA: i32;
  transB: i32;
  /** whether the product is added to y */
  accumulate: i32;
  relu: i32;
  /** [LANES, M, N]; 0: absent */
  lanes: usize;
}

@unmanaged
export class PackArguments {
  /** [panels, K, COLUMNS] */
  to: usize;
  /** [K, N], or [N, K] if transposed */
  from: usize;
  K: i32;
  N: i32;
  /** N / COLUMNS, rounded up */
  panels: i32;
  transposed: i32;
}

@unmanaged
export class PoolArguments {
  /** [lines, outWidth, channels] */
  y: usize;
  /** [·, height, width, channels] */
  x: usize;
  @inline get windows(): Windows { return changetype<Windows>(changetype<usize>(this) + 8); }
  private windows_height: i32;
  private windows_width: i32;
  private windows_channels: i32;
  private windows_outHeight: i32;
  private windows_outWidth: i32;
  private windows_filterHeight: i32;
  private windows_filterWidth: i32;
  private windows_strideHeight: i32;
  private windows_strideWidth: i32;
  private windows_dilationHeight: i32;
  private windows_dilationWidth: i32;
  private windows_top: i32;
  private windows_left: i32;
  /** pictures · outHeight */
  lines: i32;
  /** whether y is the mean of each window, instead of its greatest number */
  mean: i32;
  /** in a line of windows */
  numbers: i32;
}

@unmanaged
export class PoolGradArguments {
  /** [pictures, height, width, channels] */
  dx: usize;
  /** [pictures, outHeight, outWidth, channels] */
  dy: usize;
  /** [pictures, height, width, channels]; not for a mean; 0: absent */
  x: usize;
  /** [pictures, outHeight, outWidth, channels]; not for a mean; 0: absent */
  y: usize;
  @inline get windows(): Windows { return changetype<Windows>(changetype<usize>(this) + 16); }
  private windows_height: i32;
  private windows_width: i32;
  private windows_channels: i32;
  private windows_outHeight: i32;
  private windows_outWidth: i32;
  private windows_filterHeight: i32;
  private windows_filterWidth: i32;
  private windows_strideHeight: i32;
  private windows_strideWidth: i32;
  private windows_dilationHeight: i32;
  private windows_dilationWidth: i32;
  private windows_top: i32;
  private windows_left: i32;
  pictures: i32;
  mean: i32;
  /** in the windows of a picture */
  numbers: i32;
}

@unmanaged
export class ReluArguments {
  /** [n] */
  y: usize;
  /** [n] */
  x: usize;
  n: i32;
}

@unmanaged
export class StepArguments {
  /** [n] */
  y: usize;
  /** [n] */
  x: usize;
  n: i32;
  /** where x <= 0 */
  alpha: f32;
}

@unmanaged
export class RmsNormArguments {
  /** [rows, D] */
  y: usize;
  /** [rows] */
  r: usize;
  /** [rows, D] */
  x: usize;
  /** [D] */
  gain: usize;
  rows: i32;
  /** a multiple of four */
  D: i32;
  eps: f32;
  /** [rows, D], added to y; 0: absent */
  residual: usize;
}

@unmanaged
export class RmsNormGradArguments {
  /** [rows, D] */
  dx: usize;
  /** [LANES, D] */
  dgain: usize;
  /** [rows, D] */
  dy: usize;
  /** [rows, D] */
  x: usize;
  /** [rows] */
  r: usize;
  /** [D] */
  gain: usize;
  rows: i32;
  /** a multiple of four */
  D: i32;
  /** whether dx is added to */
  accumulate: i32;
}

@unmanaged
export class RowsArguments {
  /** [n, width] */
  y: usize;
  /** [·, width] */
  x: usize;
  /** int32 [n] */
  indices: usize;
  n: i32;
  width: i32;
}

@unmanaged
export class RowsGradArguments {
  /** [size, width] */
  dx: usize;
  /** [n, width] */
  dy: usize;
  /** int32 [n] */
  indices: usize;
  n: i32;
  width: i32;
  size: i32;
}
