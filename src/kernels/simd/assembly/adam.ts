import { float, pointer, share, word } from './arguments';
import { loadPart, madd, storePart } from './vector';

/**
 * ADAM: p, g, m, v, n, lr, beta1, beta2, eps, correction1, correction2, clip.
 *
 * `g ← clip·g` (not stored), `m ← β₁m + (1−β₁)g`, `v ← β₂v + (1−β₂)g²`,
 * `p ← p − lr·(m/correction1) / (√(v/correction2) + eps)`, where correctionᵢ is `1 − βᵢᵗ`.
 */
export function adam(args: usize, part: i32, parts: i32): void {
  const n = word(args, 4);
  const from = share(n, part, parts);
  const count = share(n, part + 1, parts) - from;
  const offset = (<usize>from) << 2;
  const p = pointer(args, 0) + offset;
  const g = pointer(args, 1) + offset;
  const m = pointer(args, 2) + offset;
  const v = pointer(args, 3) + offset;
  const whole = (<usize>(count & ~3)) << 2;
  for (let i: usize = 0; i < whole; i += 16) {
    const gradient = f32x4.mul(v128.load(g + i), f32x4.splat(float(args, 11)));
    const first = moment(v128.load(m + i), gradient, float(args, 6));
    const second = moment(v128.load(v + i), f32x4.mul(gradient, gradient), float(args, 7));
    v128.store(m + i, first);
    v128.store(v + i, second);
    v128.store(p + i, f32x4.sub(v128.load(p + i), step(args, first, second)));
  }
  const rest = count & 3;
  if (rest) {
    const gradient = f32x4.mul(loadPart(g + whole, rest), f32x4.splat(float(args, 11)));
    const first = moment(loadPart(m + whole, rest), gradient, float(args, 6));
    const second = moment(loadPart(v + whole, rest), f32x4.mul(gradient, gradient), float(args, 7));
    storePart(m + whole, first, rest);
    storePart(v + whole, second, rest);
    storePart(p + whole, f32x4.sub(loadPart(p + whole, rest), step(args, first, second)), rest);
  }
}

@inline
function moment(mean: v128, x: v128, beta: f32): v128 {
  return madd(f32x4.splat(beta), mean, f32x4.mul(f32x4.splat(1 - beta), x));
}

@inline
function step(args: usize, m: v128, v: v128): v128 {
  const mean = f32x4.div(m, f32x4.splat(float(args, 9)));
  const root = f32x4.sqrt(f32x4.div(v, f32x4.splat(float(args, 10))));
  const divisor = f32x4.add(root, f32x4.splat(float(args, 8)));
  return f32x4.div(f32x4.mul(f32x4.splat(float(args, 5)), mean), divisor);
}
