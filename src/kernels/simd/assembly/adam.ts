import { AdamArguments, SquareSumArguments } from './generated/arguments';
import { floats, loadPart, madd, storePart } from './vector';

/**
 * `g ← clip·g` (not stored), `m ← β₁m + (1−β₁)g`, `v ← β₂v + (1−β₂)g²`,
 * `p ← p − lr·(m/correction1) / (√(v/correction2) + eps)`, where correctionᵢ is `1 − βᵢᵗ`.
 */
export function adam(a: AdamArguments, from: i32, to: i32): void {
  const count = to - from;
  const offset = floats(from);
  const p = a.p + offset;
  const g = a.g + offset;
  const m = a.m + offset;
  const v = a.v + offset;
  const whole = floats(count & ~3);
  for (let i: usize = 0; i < whole; i += 16) {
    const gradient = f32x4.mul(v128.load(g + i), f32x4.splat(a.clip));
    const first = moment(v128.load(m + i), gradient, a.beta1);
    const second = moment(v128.load(v + i), f32x4.mul(gradient, gradient), a.beta2);
    v128.store(m + i, first);
    v128.store(v + i, second);
    v128.store(p + i, f32x4.sub(v128.load(p + i), step(a, first, second)));
  }
  const rest = count & 3;
  if (rest) {
    const gradient = f32x4.mul(loadPart(g + whole, rest), f32x4.splat(a.clip));
    const first = moment(loadPart(m + whole, rest), gradient, a.beta1);
    const second = moment(loadPart(v + whole, rest), f32x4.mul(gradient, gradient), a.beta2);
    storePart(m + whole, first, rest);
    storePart(v + whole, second, rest);
    storePart(p + whole, f32x4.sub(loadPart(p + whole, rest), step(a, first, second)), rest);
  }
}

@inline
function moment(mean: v128, x: v128, beta: f32): v128 {
  return madd(f32x4.splat(beta), mean, f32x4.mul(f32x4.splat(1 - beta), x));
}

@inline
function step(a: AdamArguments, m: v128, v: v128): v128 {
  const mean = f32x4.div(m, f32x4.splat(a.correction1));
  const root = f32x4.sqrt(f32x4.div(v, f32x4.splat(a.correction2)));
  const divisor = f32x4.add(root, f32x4.splat(a.eps));
  return f32x4.div(f32x4.mul(f32x4.splat(a.lr), mean), divisor);
}

/** Lane l gets `Σ x²` over the l-th range of x, in float64. */
export function squareSum(a: SquareSumArguments, lane: i32, first: i32, end: i32): void {
  const count = end - first;
  let from = a.x + floats(first);
  let total = f64x2.splat(0);
  for (let i: i32 = 0; i < count; i += 4) {
    const v = count - i >= 4 ? v128.load(from) : loadPart(from, count - i);
    const low = f64x2.promote_low_f32x4(v);
    const high = f64x2.promote_low_f32x4(v128.shuffle<f32>(v, v, 2, 3, 0, 1));
    total = f64x2.add(total, f64x2.add(f64x2.mul(low, low), f64x2.mul(high, high)));
    from += 16;
  }
  const sum = f64x2.extract_lane(total, 0) + f64x2.extract_lane(total, 1);
  store<f64>(a.lanes + ((<usize>lane) << 3), sum);
}
