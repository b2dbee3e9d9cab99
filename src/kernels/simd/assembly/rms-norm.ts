import { float, pointer, share, word } from './arguments';
import { LANES, laneSize } from './lanes';
import { clear, loadPart, madd, storePart, sum } from './vector';

/** Each lane takes at least so many rows. */
const LANE_ROWS: i32 = 16;

/**
 * RMS_NORM: y, r, x, gain, rows, D, eps, residual.
 *
 * `r = 1 / √(mean(x²) + eps)`, `y = residual + x·r·gain` (residual 0: none).
 */
export function rmsNorm(args: usize, part: i32, parts: i32): void {
  const rows = word(args, 4);
  const D = word(args, 5);
  const residual = pointer(args, 7);
  const from = share(rows, part, parts);
  const to = share(rows, part + 1, parts);
  const offset = from * ((<usize>D) << 2);
  rmsNormRows(
    pointer(args, 0) + offset,
    pointer(args, 1) + ((<usize>from) << 2),
    pointer(args, 2) + offset,
    pointer(args, 3),
    to - from,
    D,
    float(args, 6),
    residual ? residual + offset : 0,
  );
}

/** y may be x or residual. */
export function rmsNormRows(
  y: usize,
  r: usize,
  x: usize,
  gain: usize,
  rows: i32,
  D: i32,
  eps: f32,
  residual: usize,
): void {
  const whole = (<usize>(D & ~3)) << 2;
  const rest = D & 3;
  const step = (<usize>D) << 2;
  for (let row = 0; row < rows; row++) {
    let squares = f32x4.splat(0);
    for (let i: usize = 0; i < whole; i += 16) {
      const v = v128.load(x + i);
      squares = madd(v, v, squares);
    }
    if (rest) {
      const v = loadPart(x + whole, rest);
      squares = madd(v, v, squares);
    }
    const scale: f32 = 1 / sqrt<f32>(sum(squares) / <f32>D + eps);
    store<f32>(r, scale);
    const s = f32x4.splat(scale);
    if (residual) {
      for (let i: usize = 0; i < whole; i += 16) {
        const normal = f32x4.mul(v128.load(x + i), s);
        v128.store(y + i, madd(normal, v128.load(gain + i), v128.load(residual + i)));
      }
      if (rest) {
        const normal = f32x4.mul(loadPart(x + whole, rest), s);
        const g = loadPart(gain + whole, rest);
        storePart(y + whole, madd(normal, g, loadPart(residual + whole, rest)), rest);
      }
      residual += step;
    } else {
      for (let i: usize = 0; i < whole; i += 16) {
        v128.store(y + i, f32x4.mul(f32x4.mul(v128.load(x + i), s), v128.load(gain + i)));
      }
      if (rest) {
        const normal = f32x4.mul(loadPart(x + whole, rest), s);
        storePart(y + whole, f32x4.mul(normal, loadPart(gain + whole, rest)), rest);
      }
    }
    r += 4;
    x += step;
    y += step;
  }
}

/**
 * RMS_NORM_GRAD: dx, dgainLanes [8, D], dy, x, r, gain, rows, D, accumulateDx.
 *
 * With `G = r·gain`: `dx (+)= dy·G − x·r²·mean(dy·G·x)`; lane l of dgain is `Σ dy·x·r` over the l-th
 * range of the rows.
 */
export function rmsNormGrad(args: usize, part: i32, parts: i32): void {
  const dx = pointer(args, 0);
  const lanes = pointer(args, 1);
  const dy = pointer(args, 2);
  const x = pointer(args, 3);
  const r = pointer(args, 4);
  const gain = pointer(args, 5);
  const rows = word(args, 6);
  const D = word(args, 7);
  const accumulate = word(args, 8) != 0;
  const step = (<usize>D) << 2;
  const size = laneSize(rows, LANE_ROWS);
  for (let lane = part; lane < LANES; lane += parts) {
    const dgain = lanes + lane * step;
    const row = lane * size;
    const offset = row * step;
    clear(dgain, D);
    rmsNormGradRows(
      dx + offset,
      dgain,
      dy + offset,
      x + offset,
      r + ((<usize>row) << 2),
      gain,
      min(size, rows - row),
      D,
      accumulate,
    );
  }
}

/** Adds to dgain[D]. dx may be dy. */
export function rmsNormGradRows(
  dx: usize,
  dgain: usize,
  dy: usize,
  x: usize,
  r: usize,
  gain: usize,
  rows: i32,
  D: i32,
  accumulate: bool,
): void {
  const whole = (<usize>(D & ~3)) << 2;
  const rest = D & 3;
  const step = (<usize>D) << 2;
  for (let row = 0; row < rows; row++) {
    const scale = load<f32>(r);
    const s = f32x4.splat(scale);
    let sums = f32x4.splat(0);
    for (let i: usize = 0; i < whole; i += 16) {
      const product = f32x4.mul(v128.load(dy + i), v128.load(x + i));
      sums = madd(product, v128.load(gain + i), sums);
      v128.store(dgain + i, madd(product, s, v128.load(dgain + i)));
    }
    if (rest) {
      const product = f32x4.mul(loadPart(dy + whole, rest), loadPart(x + whole, rest));
      sums = madd(product, loadPart(gain + whole, rest), sums);
      storePart(dgain + whole, madd(product, s, loadPart(dgain + whole, rest)), rest);
    }
    const c = f32x4.splat(-scale * scale * ((scale * sum(sums)) / <f32>D));
    for (let i: usize = 0; i < whole; i += 16) {
      const direct = f32x4.mul(f32x4.mul(v128.load(dy + i), s), v128.load(gain + i));
      const result = madd(v128.load(x + i), c, direct);
      v128.store(dx + i, accumulate ? f32x4.add(v128.load(dx + i), result) : result);
    }
    if (rest) {
      const scaled = f32x4.mul(loadPart(dy + whole, rest), s);
      const direct = f32x4.mul(scaled, loadPart(gain + whole, rest));
      const result = madd(loadPart(x + whole, rest), c, direct);
      storePart(
        dx + whole,
        accumulate ? f32x4.add(loadPart(dx + whole, rest), result) : result,
        rest,
      );
    }
    r += 4;
    x += step;
    dy += step;
    dx += step;
  }
}
