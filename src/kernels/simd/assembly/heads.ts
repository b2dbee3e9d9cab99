import { HeadsArguments, HeadsGradArguments, HeadWeights, STEP_FEATURES } from './generated/arguments';
import { rmsNormGradRows, rmsNormRows } from './rms-norm';
import { clear, floats, madd, sums } from './vector';

/** How many rows the transposed weights have: A + 2, rounded up to a multiple of four. */
@inline
function rowsOf(a: HeadsArguments): i32 {
  return (a.A + 5) & ~3;
}

/** Applies the heads to the first token of each state (`heads` in src/kernels/ops/heads.ts defines it). */
export function heads(a: HeadsArguments, from: i32, to: i32, scratch: usize): void {
  const w = a.weights;
  const step = floats(a.D);
  const count = rowsOf(a);
  const h = scratch + 64;
  const dots = h + step;
  const rows = dots + floats(count);
  transpose(a, rows, count);
  for (let row = from; row < to; row++) {
    rmsNormRows(h, scratch, state(a, row), w.gain, 1, a.D, a.eps, 0);
    for (let j = 0; j < count; j += 4) dotFour(dots + floats(j), h, rows + j * step, step);
    const y = a.y + floats(row * (a.A + a.F + 2));
    addTo(y, dots, w.actionBias, a.A);
    memory.copy(y + floats(a.A), w.free, floats(a.F));
    const last = y + floats(a.A + a.F);
    const seen = dots + floats(a.A);
    store<f32>(last, load<f32>(seen) + featured(a, row, w.value, w.valueBias));
    store<f32>(last, load<f32>(seen, 4) + featured(a, row, w.halt, w.haltBias), 4);
  }
}

/** The gradients of `heads`. Those of the weights are added to a lane. */
export function headsGrad(
  a: HeadsGradArguments, lane: i32, from: i32, to: i32, scratch: usize,
): void {
  const f = a.heads;
  const D = f.D;
  const step = floats(D);
  const count = rowsOf(f);
  const h = scratch + 64;
  const dh = h + step;
  const rows = dh + step;
  const drows = rows + count * step;
  const shift = lane * a.laneStep;
  transpose(f, rows, count);
  clear(drows, count * D);
  for (let row = from; row < to; row++) {
    const dy = a.dy + floats(row * (f.A + f.F + 2));
    const dseen = dy + floats(f.A + f.F);
    const x = state(f, row);
    const dx = a.dz + floats(row * f.R * D);
    rmsNormRows(h, scratch, x, f.weights.gain, 1, D, f.eps, 0);
    clear(dh, D);
    for (let j = 0; j < f.A; j++) {
      backward(dh, drows + j * step, rows + j * step, h, load<f32>(dy + floats(j)), D);
    }
    const value = f.A * step;
    backward(dh, drows + value, rows + value, h, load<f32>(dseen), D);
    const halt = value + step;
    backward(dh, drows + halt, rows + halt, h, load<f32>(dseen, 4), D);
    addBiases(f, a.sums, shift, row, dy, dseen);
    clear(dx, f.R * D);
    rmsNormGradRows(dx, a.sums.gain + shift, dh, x, scratch, f.weights.gain, 1, D, false);
  }
  scatter(f, a.sums, shift, drows);
}

@inline
function state(a: HeadsArguments, row: i32): usize {
  return a.z + floats(row * a.R * a.D);
}

/** Writes the heads' weights as rows, one row [D] a head, and rows of zeros up to `count`. */
function transpose(a: HeadsArguments, to: usize, count: i32): void {
  const w = a.weights;
  const step = floats(a.D);
  clear(to, count * a.D);
  for (let d = 0; d < a.D; d++) {
    const at = to + floats(d);
    for (let j = 0; j < a.A; j++) {
      store<f32>(at + j * step, load<f32>(w.action + floats(d * a.A + j)));
    }
    store<f32>(at + a.A * step, load<f32>(w.value + floats(d)));
    store<f32>(at + (a.A + 1) * step, load<f32>(w.halt + floats(d)));
  }
}

/** Writes the gradients of the transposed weights to their places in a lane. */
function scatter(a: HeadsArguments, sums: HeadWeights, shift: usize, drows: usize): void {
  const step = floats(a.D);
  for (let d = 0; d < a.D; d++) {
    const from = drows + floats(d);
    for (let j = 0; j < a.A; j++) {
      store<f32>(sums.action + shift + floats(d * a.A + j), load<f32>(from + j * step));
    }
    store<f32>(sums.value + shift + floats(d), load<f32>(from + a.A * step));
    store<f32>(sums.halt + shift + floats(d), load<f32>(from + (a.A + 1) * step));
  }
}

/** The dot products of h with four rows of weights. */
@inline
function dotFour(to: usize, h: usize, w: usize, step: usize): void {
  let c0 = f32x4.splat(0),
    c1 = f32x4.splat(0),
    c2 = f32x4.splat(0),
    c3 = f32x4.splat(0);
  for (let i: usize = 0; i < step; i += 16) {
    const x = v128.load(h + i);
    c0 = madd(x, v128.load(w + i), c0);
    c1 = madd(x, v128.load(w + step + i), c1);
    c2 = madd(x, v128.load(w + 2 * step + i), c2);
    c3 = madd(x, v128.load(w + 3 * step + i), c3);
  }
  v128.store(to, sums(c0, c1, c2, c3));
}

/** `dh += dy·w`, `dw += dy·h`, for n numbers, a multiple of four. */
@inline
function backward(dh: usize, dw: usize, w: usize, h: usize, dy: f32, n: i32): void {
  const y = f32x4.splat(dy);
  for (let i: usize = 0; i < floats(n); i += 16) {
    v128.store(dh + i, madd(y, v128.load(w + i), v128.load(dh + i)));
    v128.store(dw + i, madd(y, v128.load(h + i), v128.load(dw + i)));
  }
}

@inline
function addTo(y: usize, x: usize, bias: usize, n: i32): void {
  for (let i: usize = 0; i < floats(n); i += 4) {
    store<f32>(y + i, load<f32>(x + i) + load<f32>(bias + i));
  }
}

/** A head's bias, and the product of its weights with the features of the number of ponder steps. */
@inline
function featured(a: HeadsArguments, row: i32, weights: usize, bias: usize): f32 {
  let sum = load<f32>(bias);
  const features = a.features + floats(row * STEP_FEATURES);
  for (let f = 0; f < STEP_FEATURES; f++) {
    const i = floats(f);
    sum += load<f32>(features + i) * load<f32>(weights + i + floats(a.D));
  }
  return sum;
}

/** Adds the gradients of the biases, the free parameters and the weights of the features. */
@inline
function addBiases(
  a: HeadsArguments, sums: HeadWeights, shift: usize, row: i32, dy: usize, dseen: usize,
): void {
  const free = dy + floats(a.A);
  accumulate(sums.actionBias + shift, dy, a.A);
  accumulate(sums.free + shift, free, a.F);
  const features = a.features + floats(row * STEP_FEATURES);
  addFeatured(sums.value + shift + floats(a.D), sums.valueBias + shift, features, load<f32>(dseen));
  addFeatured(sums.halt + shift + floats(a.D), sums.haltBias + shift, features, load<f32>(dseen, 4));
}

/** `y += x` for n numbers. */
@inline
function accumulate(y: usize, x: usize, n: i32): void {
  for (let i: usize = 0; i < floats(n); i += 4) store<f32>(y + i, load<f32>(y + i) + load<f32>(x + i));
}

/** The gradients of `featured`: `weights += d·features`, `bias += d`. */
@inline
function addFeatured(weights: usize, bias: usize, features: usize, d: f32): void {
  for (let f: usize = 0; f < floats(STEP_FEATURES); f += 4) {
    store<f32>(weights + f, load<f32>(weights + f) + d * load<f32>(features + f));
  }
  store<f32>(bias, load<f32>(bias) + d);
}
