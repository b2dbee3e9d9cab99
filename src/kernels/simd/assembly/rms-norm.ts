import { RmsNormArguments, RmsNormGradArguments } from './generated/arguments';
import { clear, floats, madd, sum } from './vector';

/** `r = 1 / √(mean(x²) + eps)`, `y = residual + x·r·gain`. */
export function rmsNorm(a: RmsNormArguments, from: i32, to: i32): void {
  const offset = from * floats(a.D);
  const residual = a.residual ? a.residual + offset : 0;
  const r = a.r + floats(from);
  rmsNormRows(a.y + offset, r, a.x + offset, a.gain, to - from, a.D, a.eps, residual);
}

/** `rmsNorm` of rows that lie end to end. D is a multiple of four. y may be x or residual. */
export function rmsNormRows(
  y: usize, r: usize, x: usize, gain: usize, rows: i32, D: i32, eps: f32, residual: usize,
): void {
  const step = floats(D);
  for (let row = 0; row < rows; row++) {
    let squares = f32x4.splat(0);
    for (let i: usize = 0; i < step; i += 16) {
      const v = v128.load(x + i);
      squares = madd(v, v, squares);
    }
    const scale: f32 = 1 / sqrt<f32>(sum(squares) / <f32>D + eps);
    store<f32>(r, scale);
    const s = f32x4.splat(scale);
    if (residual) {
      for (let i: usize = 0; i < step; i += 16) {
        const normal = f32x4.mul(v128.load(x + i), s);
        v128.store(y + i, madd(normal, v128.load(gain + i), v128.load(residual + i)));
      }
      residual += step;
    } else {
      for (let i: usize = 0; i < step; i += 16) {
        v128.store(y + i, f32x4.mul(f32x4.mul(v128.load(x + i), s), v128.load(gain + i)));
      }
    }
    r += 4;
    x += step;
    y += step;
  }
}

/**
 * With `G = r·gain`: `dx (+)= dy·G − x·r²·mean(dy·G·x)`. Lane l of dgain gets `Σ dy·x·r` over the l-th range of the rows.
 */
export function rmsNormGrad(a: RmsNormGradArguments, lane: i32, from: i32, to: i32): void {
  const step = floats(a.D);
  const dgain = a.dgain + lane * step;
  const at = from * step;
  const r = a.r + floats(from);
  clear(dgain, a.D);
  rmsNormGradRows(a.dx + at, dgain, a.dy + at, a.x + at, r, a.gain, to - from, a.D, a.accumulate != 0);
}

/** `rmsNormGrad` of rows that lie end to end. Adds to dgain [D]. D is a multiple of four. dx may be dy. */
export function rmsNormGradRows(
  dx: usize, dgain: usize, dy: usize, x: usize, r: usize, gain: usize, rows: i32, D: i32, accumulate: bool,
): void {
  const step = floats(D);
  for (let row = 0; row < rows; row++) {
    const scale = load<f32>(r);
    const s = f32x4.splat(scale);
    let sums = f32x4.splat(0);
    for (let i: usize = 0; i < step; i += 16) {
      const product = f32x4.mul(v128.load(dy + i), v128.load(x + i));
      sums = madd(product, v128.load(gain + i), sums);
      v128.store(dgain + i, madd(product, s, v128.load(dgain + i)));
    }
    const c = f32x4.splat(-scale * scale * ((scale * sum(sums)) / <f32>D));
    for (let i: usize = 0; i < step; i += 16) {
      const direct = f32x4.mul(f32x4.mul(v128.load(dy + i), s), v128.load(gain + i));
      const result = madd(v128.load(x + i), c, direct);
      v128.store(dx + i, accumulate ? f32x4.add(v128.load(dx + i), result) : result);
    }
    r += 4;
    x += step;
    dy += step;
    dx += step;
  }
}
