import { loadPart, madd, relu, storePart } from './vector';

/**
 * One row of a matrix product: `y[N] (+)= a[K]·b[K, N] + bias[N]`, relu last, where the numbers of a
 * lie `aStep` bytes apart and the rows of b `bStep`.
 */
export function rowProduct(
  y: usize,
  a: usize,
  aStep: usize,
  b: usize,
  bStep: usize,
  K: i32,
  N: i32,
  bias: usize,
  accumulate: bool,
  rectify: bool,
): void {
  let n: i32 = 0;
  for (; n + 32 <= N; n += 32) {
    columns32(at(y, n), a, aStep, at(b, n), bStep, K, at(bias, n), accumulate, rectify);
  }
  if (n + 16 <= N) {
    columns16(at(y, n), a, aStep, at(b, n), bStep, K, at(bias, n), accumulate, rectify);
    n += 16;
  }
  if (n + 8 <= N) {
    columns8(at(y, n), a, aStep, at(b, n), bStep, K, at(bias, n), accumulate, rectify);
    n += 8;
  }
  if (n + 4 <= N) {
    columns4(at(y, n), a, aStep, at(b, n), bStep, K, at(bias, n), accumulate, rectify);
    n += 4;
  }
  if (n < N) {
    columns(at(y, n), a, aStep, at(b, n), bStep, K, at(bias, n), accumulate, rectify, N - n);
  }
}

/** Number i from `base`; an absent array stays absent. */
@inline
function at(base: usize, i: i32): usize {
  return base ? base + ((<usize>i) << 2) : 0;
}

@inline
function columns32(
  y: usize,
  a: usize,
  aStep: usize,
  b: usize,
  bStep: usize,
  K: i32,
  bias: usize,
  accumulate: bool,
  rectify: bool,
): void {
  let c0 = f32x4.splat(0),
    c1 = f32x4.splat(0),
    c2 = f32x4.splat(0),
    c3 = f32x4.splat(0);
  let c4 = f32x4.splat(0),
    c5 = f32x4.splat(0),
    c6 = f32x4.splat(0),
    c7 = f32x4.splat(0);
  for (let k = 0; k < K; k++) {
    const x = v128.load32_splat(a);
    c0 = madd(x, v128.load(b), c0);
    c1 = madd(x, v128.load(b, 16), c1);
    c2 = madd(x, v128.load(b, 32), c2);
    c3 = madd(x, v128.load(b, 48), c3);
    c4 = madd(x, v128.load(b, 64), c4);
    c5 = madd(x, v128.load(b, 80), c5);
    c6 = madd(x, v128.load(b, 96), c6);
    c7 = madd(x, v128.load(b, 112), c7);
    a += aStep;
    b += bStep;
  }
  finish(y, c0, bias, accumulate, rectify);
  finish(y + 16, c1, bias ? bias + 16 : 0, accumulate, rectify);
  finish(y + 32, c2, bias ? bias + 32 : 0, accumulate, rectify);
  finish(y + 48, c3, bias ? bias + 48 : 0, accumulate, rectify);
  finish(y + 64, c4, bias ? bias + 64 : 0, accumulate, rectify);
  finish(y + 80, c5, bias ? bias + 80 : 0, accumulate, rectify);
  finish(y + 96, c6, bias ? bias + 96 : 0, accumulate, rectify);
  finish(y + 112, c7, bias ? bias + 112 : 0, accumulate, rectify);
}

@inline
function columns16(
  y: usize,
  a: usize,
  aStep: usize,
  b: usize,
  bStep: usize,
  K: i32,
  bias: usize,
  accumulate: bool,
  rectify: bool,
): void {
  let c0 = f32x4.splat(0),
    c1 = f32x4.splat(0),
    c2 = f32x4.splat(0),
    c3 = f32x4.splat(0);
  for (let k = 0; k < K; k++) {
    const x = v128.load32_splat(a);
    c0 = madd(x, v128.load(b), c0);
    c1 = madd(x, v128.load(b, 16), c1);
    c2 = madd(x, v128.load(b, 32), c2);
    c3 = madd(x, v128.load(b, 48), c3);
    a += aStep;
    b += bStep;
  }
  finish(y, c0, bias, accumulate, rectify);
  finish(y + 16, c1, bias ? bias + 16 : 0, accumulate, rectify);
  finish(y + 32, c2, bias ? bias + 32 : 0, accumulate, rectify);
  finish(y + 48, c3, bias ? bias + 48 : 0, accumulate, rectify);
}

@inline
function columns8(
  y: usize,
  a: usize,
  aStep: usize,
  b: usize,
  bStep: usize,
  K: i32,
  bias: usize,
  accumulate: bool,
  rectify: bool,
): void {
  let c0 = f32x4.splat(0),
    c1 = f32x4.splat(0);
  for (let k = 0; k < K; k++) {
    const x = v128.load32_splat(a);
    c0 = madd(x, v128.load(b), c0);
    c1 = madd(x, v128.load(b, 16), c1);
    a += aStep;
    b += bStep;
  }
  finish(y, c0, bias, accumulate, rectify);
  finish(y + 16, c1, bias ? bias + 16 : 0, accumulate, rectify);
}

@inline
function columns4(
  y: usize,
  a: usize,
  aStep: usize,
  b: usize,
  bStep: usize,
  K: i32,
  bias: usize,
  accumulate: bool,
  rectify: bool,
): void {
  let c = f32x4.splat(0);
  for (let k = 0; k < K; k++) {
    c = madd(v128.load32_splat(a), v128.load(b), c);
    a += aStep;
    b += bStep;
  }
  finish(y, c, bias, accumulate, rectify);
}

/** The last n (1, 2 or 3) columns. */
@inline
function columns(
  y: usize,
  a: usize,
  aStep: usize,
  b: usize,
  bStep: usize,
  K: i32,
  bias: usize,
  accumulate: bool,
  rectify: bool,
  n: i32,
): void {
  let c = f32x4.splat(0);
  for (let k = 0; k < K; k++) {
    c = madd(v128.load32_splat(a), loadPart(b, n), c);
    a += aStep;
    b += bStep;
  }
  if (bias) c = f32x4.add(c, loadPart(bias, n));
  if (accumulate) c = f32x4.add(c, loadPart(y, n));
  if (rectify) c = relu(c);
  storePart(y, c, n);
}

@inline
function finish(y: usize, c: v128, bias: usize, accumulate: bool, rectify: bool): void {
  if (bias) c = f32x4.add(c, v128.load(bias));
  if (accumulate) c = f32x4.add(c, v128.load(y));
  if (rectify) c = relu(c);
  v128.store(y, c);
}
