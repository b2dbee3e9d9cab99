// Tiles of 4 × 8 (see tile.ts): eight vectors of sums, two of b and one of a fit into sixteen registers.
import { finishFour } from './tile-finish';
import { floats, madd } from './vector';

export const ROWS: i32 = 4;

@inline
export function tileRows(
  y: usize, yStep: usize, a0: usize, aRow: usize, b: usize, bStep: usize, K: i32,
  base: usize, bias: usize, rectify: bool,
): void {
  const a1 = a0 + aRow;
  const a2 = a1 + aRow;
  const a3 = a2 + aRow;
  let c00 = f32x4.splat(0), c01 = f32x4.splat(0);
  let c10 = f32x4.splat(0), c11 = f32x4.splat(0);
  let c20 = f32x4.splat(0), c21 = f32x4.splat(0);
  let c30 = f32x4.splat(0), c31 = f32x4.splat(0);
  const end = floats(K);
  let k: usize = 0;
  for (; k < end; k += 4) {
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
  finishFour(y, yStep, base, bias, rectify, c00, c01, c10, c11, c20, c21, c30, c31);
}

@inline
export function tileColumns(
  y: usize, yStep: usize, a: usize, aStep: usize, b: usize, bStep: usize, K: i32,
  base: usize, bias: usize, rectify: bool,
): void {
  let c00 = f32x4.splat(0), c01 = f32x4.splat(0);
  let c10 = f32x4.splat(0), c11 = f32x4.splat(0);
  let c20 = f32x4.splat(0), c21 = f32x4.splat(0);
  let c30 = f32x4.splat(0), c31 = f32x4.splat(0);
  let b0: v128, b1: v128, x: v128;
  for (let k = 0; k < K; k++) {
    b0 = v128.load(b);
    b1 = v128.load(b, 16);
    x = v128.load32_splat(a);
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
  finishFour(y, yStep, base, bias, rectify, c00, c01, c10, c11, c20, c21, c30, c31);
}
