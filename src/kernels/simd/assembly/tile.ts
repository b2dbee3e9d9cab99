import { madd, relu } from './vector';

/** Rows of a register tile: with eight columns, as many sums as fit in sixteen registers. */
export const ROWS: i32 = 4;
/** Columns of a register tile. */
export const COLUMNS: i32 = 8;
/** Bytes from row to row of a packed panel of b. */
export const PANEL_STEP: usize = 32;

/**
 * A register tile of a matrix product: `y[4, 8] (+)= a[4, K]·b[K, 8] + bias[8]`, relu last, where the
 * rows of a lie at a0..a3, those of b at steps of `bStep` bytes and those of y of `yStep`. Each number
 * is one sum over k in ascending order, as in all our products: a row comes out the same whichever
 * of them computes it.
 */
@inline
export function tileRows(
  y: usize,
  yStep: usize,
  a0: usize,
  a1: usize,
  a2: usize,
  a3: usize,
  b: usize,
  bStep: usize,
  K: i32,
  bias: usize,
  accumulate: bool,
  rectify: bool,
): void {
  let c00 = f32x4.splat(0),
    c01 = f32x4.splat(0),
    c10 = f32x4.splat(0),
    c11 = f32x4.splat(0);
  let c20 = f32x4.splat(0),
    c21 = f32x4.splat(0),
    c30 = f32x4.splat(0),
    c31 = f32x4.splat(0);
  const end = (<usize>K) << 2;
  for (let k: usize = 0; k < end; k += 4) {
    const b0 = v128.load(b);
    const b1 = v128.load(b, 16);
    let x = v128.load32_splat(a0 + k);
    c00 = madd(x, b0, c00);
    c01 = madd(x, b1, c01);
    x = v128.load32_splat(a1 + k);
    c10 = madd(x, b0, c10);
    c11 = madd(x, b1, c11);
    x = v128.load32_splat(a2 + k);
    c20 = madd(x, b0, c20);
    c21 = madd(x, b1, c21);
    x = v128.load32_splat(a3 + k);
    c30 = madd(x, b0, c30);
    c31 = madd(x, b1, c31);
    b += bStep;
  }
  finish(y, yStep, c00, c01, c10, c11, c20, c21, c30, c31, bias, accumulate, rectify);
}

/** `tileRows` of a transposed a: four neighbours in each of its K rows, `aStep` bytes apart. */
@inline
export function tileColumns(
  y: usize,
  yStep: usize,
  a: usize,
  aStep: usize,
  b: usize,
  bStep: usize,
  K: i32,
  bias: usize,
  accumulate: bool,
  rectify: bool,
): void {
  let c00 = f32x4.splat(0),
    c01 = f32x4.splat(0),
    c10 = f32x4.splat(0),
    c11 = f32x4.splat(0);
  let c20 = f32x4.splat(0),
    c21 = f32x4.splat(0),
    c30 = f32x4.splat(0),
    c31 = f32x4.splat(0);
  for (let k = 0; k < K; k++) {
    const b0 = v128.load(b);
    const b1 = v128.load(b, 16);
    let x = v128.load32_splat(a);
    c00 = madd(x, b0, c00);
    c01 = madd(x, b1, c01);
    x = v128.load32_splat(a, 4);
    c10 = madd(x, b0, c10);
    c11 = madd(x, b1, c11);
    x = v128.load32_splat(a, 8);
    c20 = madd(x, b0, c20);
    c21 = madd(x, b1, c21);
    x = v128.load32_splat(a, 12);
    c30 = madd(x, b0, c30);
    c31 = madd(x, b1, c31);
    a += aStep;
    b += bStep;
  }
  finish(y, yStep, c00, c01, c10, c11, c20, c21, c30, c31, bias, accumulate, rectify);
}

@inline
function finish(
  y: usize,
  yStep: usize,
  c00: v128,
  c01: v128,
  c10: v128,
  c11: v128,
  c20: v128,
  c21: v128,
  c30: v128,
  c31: v128,
  bias: usize,
  accumulate: bool,
  rectify: bool,
): void {
  const y1 = y + yStep;
  const y2 = y1 + yStep;
  const y3 = y2 + yStep;
  if (bias) {
    const b0 = v128.load(bias);
    const b1 = v128.load(bias, 16);
    c00 = f32x4.add(c00, b0);
    c01 = f32x4.add(c01, b1);
    c10 = f32x4.add(c10, b0);
    c11 = f32x4.add(c11, b1);
    c20 = f32x4.add(c20, b0);
    c21 = f32x4.add(c21, b1);
    c30 = f32x4.add(c30, b0);
    c31 = f32x4.add(c31, b1);
  }
  if (accumulate) {
    c00 = f32x4.add(c00, v128.load(y));
    c01 = f32x4.add(c01, v128.load(y, 16));
    c10 = f32x4.add(c10, v128.load(y1));
    c11 = f32x4.add(c11, v128.load(y1, 16));
    c20 = f32x4.add(c20, v128.load(y2));
    c21 = f32x4.add(c21, v128.load(y2, 16));
    c30 = f32x4.add(c30, v128.load(y3));
    c31 = f32x4.add(c31, v128.load(y3, 16));
  }
  if (rectify) {
    c00 = relu(c00);
    c01 = relu(c01);
    c10 = relu(c10);
    c11 = relu(c11);
    c20 = relu(c20);
    c21 = relu(c21);
    c30 = relu(c30);
    c31 = relu(c31);
  }
  v128.store(y, c00);
  v128.store(y, c01, 16);
  v128.store(y1, c10);
  v128.store(y1, c11, 16);
  v128.store(y2, c20);
  v128.store(y2, c21, 16);
  v128.store(y3, c30);
  v128.store(y3, c31, 16);
}
