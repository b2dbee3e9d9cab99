import { laneSize, LANES } from './lanes';
import { share } from './arguments';
import { rmsNormGradRows, rmsNormRows } from './rms-norm';
import { clear, madd, sums } from './vector';

/** Features of the number of steps that the last two heads see beside the readout. */
const FEATURES: i32 = 2;
/** Each lane takes at least so many rows. */
const LANE_ROWS: i32 = 16;

/** The words of HEADS and HEADS_GRAD; the heads are A action parameters, then value and halting logit. */
@unmanaged
class HeadArguments {
  /** [N, A + F + 2] */
  y: usize;
  /** [N, R, D] */
  z: usize;
  /** [N, FEATURES] */
  features: usize;
  N: i32;
  R: i32;
  D: i32;
  A: i32;
  F: i32;
  eps: f32;
  gain: usize;
  action: usize;
  actionBias: usize;
  free: usize;
  value: usize;
  valueBias: usize;
  halt: usize;
  haltBias: usize;

  // Of HEADS_GRAD alone.
  dy: usize;
  dz: usize;
  /** Gradients of the parameters in the order above, so many numbers a lane. */
  lanes: usize;
  parameters: i32;
}

/** Numbers in the row of a head in scratch: D and zeros, so that vectors need no border. */
@inline
function padded(D: i32): i32 {
  return (D + 3) & ~3;
}

/** HEADS: what the heads say of the first token of each state (`heads` in src/kernels/ops/heads.ts). */
export function heads(args: usize, scratch: usize, part: i32, parts: i32): void {
  const a = changetype<HeadArguments>(args);
  const step = <usize>padded(a.D) << 2;
  const count = padded(a.A + 2);
  const h = scratch + 64;
  const dots = h + step;
  const weights = dots + (<usize>count << 2);
  clear(h, padded(a.D));
  transpose(a, weights, count, step);
  for (let row = share(a.N, part, parts); row < share(a.N, part + 1, parts); row++) {
    rmsNormRows(h, scratch, state(a, row), a.gain, 1, a.D, a.eps, 0);
    for (let j = 0; j < count; j += 4) {
      dotFour(dots + (<usize>j << 2), h, weights + j * step, step);
    }
    const y = a.y + (<usize>(row * (a.A + a.F + 2)) << 2);
    addTo(y, dots, a.actionBias, a.A);
    memory.copy(y + (<usize>a.A << 2), a.free, <usize>a.F << 2);
    const last = y + (<usize>(a.A + a.F) << 2);
    const seen = dots + (<usize>a.A << 2);
    store<f32>(last, load<f32>(seen) + featured(a, row, a.value, a.valueBias));
    store<f32>(last, load<f32>(seen, 4) + featured(a, row, a.halt, a.haltBias), 4);
  }
}

/** HEADS_GRAD: gradients of HEADS; those of the parameters in lanes of the rows. */
export function headsGrad(args: usize, scratch: usize, part: i32, parts: i32): void {
  const a = changetype<HeadArguments>(args);
  const D = padded(a.D);
  const step = <usize>D << 2;
  const count = padded(a.A + 2);
  const h = scratch + 64;
  const dh = h + step;
  const weights = dh + step;
  const dweights = weights + count * step;
  clear(h, D);
  transpose(a, weights, count, step);
  const size = laneSize(a.N, LANE_ROWS);
  for (let lane = part; lane < LANES; lane += parts) {
    const sums = a.lanes + (<usize>(lane * a.parameters) << 2);
    clear(sums, a.parameters);
    clear(dweights, count * D);
    for (let row = lane * size; row < min(a.N, (lane + 1) * size); row++) {
      const dy = a.dy + (<usize>(row * (a.A + a.F + 2)) << 2);
      const dseen = dy + (<usize>(a.A + a.F) << 2);
      const x = state(a, row);
      const dx = a.dz + (<usize>(row * a.R * a.D) << 2);
      rmsNormRows(h, scratch, x, a.gain, 1, a.D, a.eps, 0);
      clear(dh, D);
      for (let j = 0; j < a.A; j++) {
        backward(dh, dweights + j * step, weights + j * step, h, load<f32>(dy + (<usize>j << 2)), D);
      }
      const value = a.A * step;
      backward(dh, dweights + value, weights + value, h, load<f32>(dseen), D);
      const halt = value + step;
      backward(dh, dweights + halt, weights + halt, h, load<f32>(dseen, 4), D);
      addBiases(a, sums, row, dy, dseen);
      clear(dx, a.R * a.D);
      rmsNormGradRows(dx, sums, dh, x, scratch, a.gain, 1, a.D, false);
    }
    scatter(a, sums, dweights, step);
  }
}

@inline
function state(a: HeadArguments, row: i32): usize {
  return a.z + (<usize>(row * a.R * a.D) << 2);
}

/** The heads' weights, one row [padded(D)] a head, and rows of zeros up to `count`. */
function transpose(a: HeadArguments, to: usize, count: i32, step: usize): void {
  clear(to, count * padded(a.D));
  for (let d = 0; d < a.D; d++) {
    const at = to + (<usize>d << 2);
    for (let j = 0; j < a.A; j++) {
      store<f32>(at + j * step, load<f32>(a.action + (<usize>(d * a.A + j) << 2)));
    }
    store<f32>(at + a.A * step, load<f32>(a.value + (<usize>d << 2)));
    store<f32>(at + (a.A + 1) * step, load<f32>(a.halt + (<usize>d << 2)));
  }
}

/** The gradients of `transpose`, to their places among a lane's sums. */
function scatter(a: HeadArguments, sums: usize, dweights: usize, step: usize): void {
  const action = sums + (<usize>a.D << 2);
  const value = action + (<usize>(a.D * a.A + a.A + a.F) << 2);
  const halt = value + (<usize>(a.D + FEATURES + 1) << 2);
  for (let d = 0; d < a.D; d++) {
    const from = dweights + (<usize>d << 2);
    for (let j = 0; j < a.A; j++) {
      store<f32>(action + (<usize>(d * a.A + j) << 2), load<f32>(from + j * step));
    }
    store<f32>(value + (<usize>d << 2), load<f32>(from + a.A * step));
    store<f32>(halt + (<usize>d << 2), load<f32>(from + (a.A + 1) * step));
  }
}

/** Products of h with four rows of weights. */
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
  for (let i: usize = 0; i < <usize>n << 2; i += 16) {
    v128.store(dh + i, madd(y, v128.load(w + i), v128.load(dh + i)));
    v128.store(dw + i, madd(y, v128.load(h + i), v128.load(dw + i)));
  }
}

@inline
function addTo(y: usize, x: usize, bias: usize, n: i32): void {
  for (let i: usize = 0; i < <usize>n << 2; i += 4) {
    store<f32>(y + i, load<f32>(x + i) + load<f32>(bias + i));
  }
}

/** What a head sees of the number of steps, with its bias. */
@inline
function featured(a: HeadArguments, row: i32, weights: usize, bias: usize): f32 {
  let sum = load<f32>(bias);
  const features = a.features + (<usize>(row * FEATURES) << 2);
  for (let f = 0; f < FEATURES; f++) {
    const i = <usize>f << 2;
    sum += load<f32>(features + i) * load<f32>(weights + i + (<usize>a.D << 2));
  }
  return sum;
}

/** The gradients of biases, free parameters and weights of the features. */
@inline
function addBiases(a: HeadArguments, sums: usize, row: i32, dy: usize, dseen: usize): void {
  const biases = sums + (<usize>(a.D + a.D * a.A) << 2);
  const size = <usize>(a.A + a.F) << 2;
  for (let i: usize = 0; i < size; i += 4) {
    store<f32>(biases + i, load<f32>(biases + i) + load<f32>(dy + i));
  }
  const features = a.features + (<usize>(row * FEATURES) << 2);
  let head = biases + size + (<usize>a.D << 2);
  for (let i: usize = 0; i < 8; i += 4) {
    const d = load<f32>(dseen + i);
    for (let f: usize = 0; f < <usize>FEATURES << 2; f += 4) {
      store<f32>(head + f, load<f32>(head + f) + d * load<f32>(features + f));
    }
    const bias = head + (FEATURES << 2);
    store<f32>(bias, load<f32>(bias) + d);
    head = bias + 4 + (<usize>a.D << 2);
  }
}
