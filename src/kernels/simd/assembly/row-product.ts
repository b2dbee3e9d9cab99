import { floats, loadPart, madd, relu, storePart } from './vector';

/**
 * One row of a matrix product: `y[N] = base + a[K]·b[K, N] + bias[N]`, relu last (base, bias 0: none). The numbers of a
 * lie `aStep` bytes apart, and the rows of b `bStep` bytes.
 */
export function rowProduct(
  y: usize, a: usize, aStep: usize, b: usize, bStep: usize, K: i32, N: i32, base: usize, bias: usize,
  rectify: bool,
): void {
  let n: i32 = 0;
  for (; n + 32 <= N; n += 32) {
    columns32(at(y, n), a, aStep, at(b, n), bStep, K, at(base, n), at(bias, n), rectify);
  }
  if (n + 24 <= N) {
    columns24(at(y, n), a, aStep, at(b, n), bStep, K, at(base, n), at(bias, n), rectify);
    n += 24;
  }
  if (n + 16 <= N) {
    columns16(at(y, n), a, aStep, at(b, n), bStep, K, at(base, n), at(bias, n), rectify);
    n += 16;
  }
  if (n + 8 <= N) {
    columns8(at(y, n), a, aStep, at(b, n), bStep, K, at(base, n), at(bias, n), rectify);
    n += 8;
  }
  if (n + 4 <= N) {
    columns4(at(y, n), a, aStep, at(b, n), bStep, K, at(base, n), at(bias, n), rectify);
    n += 4;
  }
  if (n < N) columns(at(y, n), a, aStep, at(b, n), bStep, K, at(base, n), at(bias, n), rectify, N - n);
}

/** The address of number i of an array; 0 if the array is absent. */
@inline
function at(base: usize, i: i32): usize {
  return base ? base + floats(i) : 0;
}

@inline
function columns32(
  y: usize, a: usize, aStep: usize, b: usize, bStep: usize, K: i32, base: usize, bias: usize, rectify: bool,
): void {
  let c0 = f32x4.splat(0), c1 = f32x4.splat(0), c2 = f32x4.splat(0), c3 = f32x4.splat(0);
  let c4 = f32x4.splat(0), c5 = f32x4.splat(0), c6 = f32x4.splat(0), c7 = f32x4.splat(0);
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
  finish(y, c0, base, bias, rectify, 0);
  finish(y, c1, base, bias, rectify, 16);
  finish(y, c2, base, bias, rectify, 32);
  finish(y, c3, base, bias, rectify, 48);
  finish(y, c4, base, bias, rectify, 64);
  finish(y, c5, base, bias, rectify, 80);
  finish(y, c6, base, bias, rectify, 96);
  finish(y, c7, base, bias, rectify, 112);
}

@inline
function columns24(
  y: usize, a: usize, aStep: usize, b: usize, bStep: usize, K: i32, base: usize, bias: usize, rectify: bool,
): void {
  let c0 = f32x4.splat(0), c1 = f32x4.splat(0), c2 = f32x4.splat(0);
  let c3 = f32x4.splat(0), c4 = f32x4.splat(0), c5 = f32x4.splat(0);
  for (let k = 0; k < K; k++) {
    const x = v128.load32_splat(a);
    c0 = madd(x, v128.load(b), c0);
    c1 = madd(x, v128.load(b, 16), c1);
    c2 = madd(x, v128.load(b, 32), c2);
    c3 = madd(x, v128.load(b, 48), c3);
    c4 = madd(x, v128.load(b, 64), c4);
    c5 = madd(x, v128.load(b, 80), c5);
    a += aStep;
    b += bStep;
  }
  finish(y, c0, base, bias, rectify, 0);
  finish(y, c1, base, bias, rectify, 16);
  finish(y, c2, base, bias, rectify, 32);
  finish(y, c3, base, bias, rectify, 48);
  finish(y, c4, base, bias, rectify, 64);
  finish(y, c5, base, bias, rectify, 80);
}

@inline
function columns16(
  y: usize, a: usize, aStep: usize, b: usize, bStep: usize, K: i32, base: usize, bias: usize, rectify: bool,
): void {
  let c0 = f32x4.splat(0), c1 = f32x4.splat(0), c2 = f32x4.splat(0), c3 = f32x4.splat(0);
  for (let k = 0; k < K; k++) {
    const x = v128.load32_splat(a);
    c0 = madd(x, v128.load(b), c0);
    c1 = madd(x, v128.load(b, 16), c1);
    c2 = madd(x, v128.load(b, 32), c2);
    c3 = madd(x, v128.load(b, 48), c3);
    a += aStep;
    b += bStep;
  }
  finish(y, c0, base, bias, rectify, 0);
  finish(y, c1, base, bias, rectify, 16);
  finish(y, c2, base, bias, rectify, 32);
  finish(y, c3, base, bias, rectify, 48);
}

@inline
function columns8(
  y: usize, a: usize, aStep: usize, b: usize, bStep: usize, K: i32, base: usize, bias: usize, rectify: bool,
): void {
  let c0 = f32x4.splat(0), c1 = f32x4.splat(0);
  for (let k = 0; k < K; k++) {
    const x = v128.load32_splat(a);
    c0 = madd(x, v128.load(b), c0);
    c1 = madd(x, v128.load(b, 16), c1);
    a += aStep;
    b += bStep;
  }
  finish(y, c0, base, bias, rectify, 0);
  finish(y, c1, base, bias, rectify, 16);
}

@inline
function columns4(
  y: usize, a: usize, aStep: usize, b: usize, bStep: usize, K: i32, base: usize, bias: usize, rectify: bool,
): void {
  let c = f32x4.splat(0);
  for (let k = 0; k < K; k++) {
    c = madd(v128.load32_splat(a), v128.load(b), c);
    a += aStep;
    b += bStep;
  }
  finish(y, c, base, bias, rectify, 0);
}

/** The last n (1, 2 or 3) columns. */
@inline
function columns(
  y: usize, a: usize, aStep: usize, b: usize, bStep: usize, K: i32, base: usize, bias: usize, rectify: bool,
  n: i32,
): void {
  let c = f32x4.splat(0);
  for (let k = 0; k < K; k++) {
    c = madd(v128.load32_splat(a), loadPart(b, n), c);
    a += aStep;
    b += bStep;
  }
  if (bias) c = f32x4.add(c, loadPart(bias, n));
  if (base) c = f32x4.add(c, loadPart(base, n));
  if (rectify) c = relu(c);
  storePart(y, c, n);
}

@inline
function finish(y: usize, c: v128, base: usize, bias: usize, rectify: bool, offset: usize): void {
  if (bias) c = f32x4.add(c, v128.load(bias + offset));
  if (base) c = f32x4.add(c, v128.load(base + offset));
  if (rectify) c = relu(c);
  v128.store(y + offset, c);
}
