import { HeadsArguments, HeadsGradArguments, HeadWeights, STEP_FEATURES } from './generated/arguments';
import { product } from './product';
import { rmsNormGradRows, rmsNormRows } from './rms-norm';
import { clear, floats, madd, sums } from './vector';

/** States whose gradients are products together; fewer where their numbers would not fit the scratch memory. */
const STATES: i32 = 32;
const STATE_NUMBERS: i32 = 32_768;

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
  const most = max(1, min(STATES, STATE_NUMBERS / D));
  const h = scratch + floats(STATES);
  const dh = h + most * step;
  const rows = dh + most * step;
  const drows = rows + count * step;
  const shift = lane * a.laneStep;
  const outputs = floats(f.A + f.F + 2);
  transpose(f, rows, count);
  clear(drows, count * D);
  for (let first = from; first < to; first += most) {
    const n = min(most, to - first);
    const dy = a.dy + first * outputs;
    const dseen = dy + floats(f.A + f.F);
    for (let i = 0; i < n; i++) {
      rmsNormRows(h + i * step, scratch + floats(i), state(f, first + i), f.weights.gain, 1, D, f.eps, 0);
    }
    product(dh, step, dy, outputs, 4, rows, step, n, f.A, D, 0, 0, false);
    product(dh, step, dseen, outputs, 4, rows + f.A * step, step, n, 2, D, dh, 0, false);
    product(drows, step, dy, 4, outputs, h, step, f.A, n, D, drows, 0, false);
    const last = drows + f.A * step;
    product(last, step, dseen, 4, outputs, h, step, 2, n, D, last, 0, false);
    for (let i = 0; i < n; i++) {
      addBiases(f, a.sums, shift, first + i, dy + i * outputs, dseen + i * outputs);
      const x = state(f, first + i);
      const dx = a.dz + floats((first + i) * f.R * D);
      clear(dx, f.R * D);
      rmsNormGradRows(
        dx, a.sums.gain + shift, dh + i * step, x, scratch + floats(i), f.weights.gain, 1, D, false,
      );
    }
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
