import { madd } from './vector';

/** ln of the smallest normal float32. Below it, the result is 0. */
const SMALLEST: f32 = -87.33654;
/** A number above ln of the greatest float32: its result is Infinity. */
const GREATEST: f32 = 89;
/** Added to a float32, this number leaves the nearest integer in the lowest bits. */
const ROUND: f32 = 12582912;

/**
 * eˣ for each lane, after expf of the Cephes library (Moshier, https://www.netlib.org/cephes):
 * `x = n·ln 2 + r` with |r| <= ln 2 / 2, and a polynomial of degree 7 for eʳ, times 2ⁿ. The error is at most 2 units in
 * the last place. Results below the normal numbers, whose arithmetic is slow, are 0. NaN stays NaN.
 */
@inline
export function exp(x: v128): v128 {
  // pmin and pmax return their first operand if the comparison is false, so NaN stays NaN.
  const inside = f32x4.pmin(f32x4.pmax(x, f32x4.splat(SMALLEST)), f32x4.splat(GREATEST));
  const rounded = madd(inside, f32x4.splat(1.44269504088896341), f32x4.splat(ROUND));
  const n = f32x4.sub(rounded, f32x4.splat(ROUND));
  // ln 2 in two parts: n times the first part is exact.
  let r = madd(n, f32x4.splat(-0.693359375), inside);
  r = madd(n, f32x4.splat(2.1219444e-4), r);
  let p = f32x4.splat(1.98756915e-4);
  p = madd(p, r, f32x4.splat(1.3981999507e-3));
  p = madd(p, r, f32x4.splat(8.3334519073e-3));
  p = madd(p, r, f32x4.splat(4.1665795894e-2));
  p = madd(p, r, f32x4.splat(1.6666665459e-1));
  p = madd(p, r, f32x4.splat(5.0000001201e-1));
  const y = f32x4.add(madd(p, f32x4.mul(r, r), r), f32x4.splat(1));
  // 2ⁿ in two factors, because 2¹²⁸ is not a float32.
  const exponent = i32x4.sub(rounded, f32x4.splat(ROUND));
  const half = i32x4.shr_s(exponent, 1);
  const result = f32x4.mul(f32x4.mul(y, power(half)), power(i32x4.sub(exponent, half)));
  return v128.andnot(result, f32x4.lt(x, f32x4.splat(SMALLEST)));
}

/** 2ⁿ for integers -126..127. */
@inline
function power(n: v128): v128 {
  return i32x4.shl(i32x4.add(n, i32x4.splat(127)), 23);
}
