/** The bytes that n floats take. */
@inline
export function floats(n: i32): usize {
  return <usize>n << 2;
}

/** `a·b + c`. The relaxed build rounds once where the processor can, the others twice. */
@inline
export function madd(a: v128, b: v128, c: v128): v128 {
  if (ASC_FEATURE_RELAXED_SIMD) return f32x4.relaxed_madd(a, b, c);
  else return f32x4.add(f32x4.mul(a, b), c);
}

/** max(x, 0), with NaN for NaN. */
@inline
export function relu(x: v128): v128 {
  return f32x4.pmax(x, f32x4.splat(0));
}

/** The sum of the four lanes. */
@inline
export function sum(x: v128): f32 {
  const y = f32x4.add(x, v128.shuffle<f32>(x, x, 2, 3, 0, 1));
  return f32x4.extract_lane(y, 0) + f32x4.extract_lane(y, 1);
}

/** The greatest of the four lanes, in each lane. None is NaN. */
@inline
export function greatestLane(x: v128): v128 {
  const y = f32x4.pmax(x, v128.shuffle<f32>(x, x, 2, 3, 0, 1));
  return f32x4.pmax(y, v128.shuffle<f32>(y, y, 1, 0, 3, 2));
}

/** [Σa, Σb, Σc, Σd]: the sum of the lanes of each vector. */
@inline
export function sums(a: v128, b: v128, c: v128, d: v128): v128 {
  const ab = f32x4.add(v128.shuffle<f32>(a, b, 0, 4, 1, 5), v128.shuffle<f32>(a, b, 2, 6, 3, 7));
  const cd = f32x4.add(v128.shuffle<f32>(c, d, 0, 4, 1, 5), v128.shuffle<f32>(c, d, 2, 6, 3, 7));
  return f32x4.add(v128.shuffle<f32>(ab, cd, 0, 1, 4, 5), v128.shuffle<f32>(ab, cd, 2, 3, 6, 7));
}

/** The first n (1, 2 or 3) numbers at `from`, and zeros. It reads no memory beyond them. */
@inline
export function loadPart(from: usize, n: i32): v128 {
  if (n == 1) return v128.load32_zero(from);
  const x = v128.load64_zero(from);
  return n == 2 ? x : v128.load32_lane(from, x, 2, 8);
}

/** Stores the first n (1, 2 or 3) lanes. */
@inline
export function storePart(to: usize, x: v128, n: i32): void {
  if (n == 1) {
    v128.store32_lane(to, x, 0);
  } else {
    v128.store64_lane(to, x, 0);
    if (n == 3) v128.store32_lane(to, x, 2, 8);
  }
}

/** All ones in the first n lanes. */
@inline
export function firstLanes(n: i32): v128 {
  return i32x4.lt_s(i32x4(0, 1, 2, 3), i32x4.splat(n));
}

/** Copies n numbers. */
@inline
export function copy(to: usize, from: usize, n: i32): void {
  let i: usize = 0;
  const whole = floats(n & ~3);
  for (; i < whole; i += 16) v128.store(to + i, v128.load(from + i));
  if (n & 3) storePart(to + i, loadPart(from + i, n & 3), n & 3);
}

/** Sets n numbers to zero. */
@inline
export function clear(to: usize, n: i32): void {
  let i: usize = 0;
  const whole = floats(n & ~3);
  for (; i < whole; i += 16) v128.store(to + i, f32x4.splat(0));
  if (n & 3) storePart(to + i, f32x4.splat(0), n & 3);
}

/** Adds n numbers to those at `to`. */
@inline
export function add(to: usize, from: usize, n: i32): void {
  addInto(to, to, from, n);
}

/** `y[n] = a[n] + b[n]`; y may be a or b. */
@inline
export function addInto(y: usize, a: usize, b: usize, n: i32): void {
  let i: usize = 0;
  const whole = floats(n & ~3);
  const rest = n & 3;
  for (; i < whole; i += 16) v128.store(y + i, f32x4.add(v128.load(a + i), v128.load(b + i)));
  if (rest) storePart(y + i, f32x4.add(loadPart(a + i, rest), loadPart(b + i, rest)), rest);
}
