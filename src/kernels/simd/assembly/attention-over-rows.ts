import { dots, meanGrad, scoreGrad, softmax } from './attention';
import { CHUNK, SharedRows } from './generated/arguments';
import { addOuter } from './outer';
import { product } from './product';
import { floats, loadPart, storePart } from './vector';

/**
 * `attentionOne` for keys of the element's own (S of them) and the rows of its range, with one softmax over both. A row of
 * probs has the weights of its own keys, then those of the rows.
 */
export function attendOverRows(
  y: usize, probs: usize, q: usize, k: usize, v: usize, bias: usize, biasStep: usize, mask: usize,
  R: i32, S: i32, H: i32, D: i32, shared: SharedRows, element: i32,
): void {
  const begin = firstRow(shared, element);
  const N = rowsOf(shared, element);
  const width = D / H;
  const step = floats(D);
  const own = floats(S);
  const row = floats(S + N);
  const scale = <f32>Math.sqrt(<f64>H / <f64>D);
  let rowKeys = shared.k + begin * step;
  let rowValues = shared.v + begin * step;
  let rowBias = shared.bias + floats(shared.most - N);
  for (let h = 0; h < H; h++) {
    dots(probs, row, q, k, step, R, S, width);
    dots(probs + own, row, q, rowKeys, step, R, N, width);
    addBiases(probs, row, R, S, scale, bias, own, mask);
    addBiases(probs + own, row, R, N, scale, rowBias, 0, 0);
    softmax(probs, R, S + N, 1, 0, 0);
    product(y, step, probs, row, 4, v, step, R, S, width, 0, 0, false);
    product(y, step, probs + own, row, 4, rowValues, step, R, N, width, y, 0, false);
    const next = floats(width);
    y += next;
    q += next;
    k += next;
    v += next;
    rowKeys += next;
    rowValues += next;
    rowBias += floats(shared.most);
    probs += R * row;
    if (bias) bias += biasStep;
  }
}

/**
 * `attentionGradOne` for keys of the element's own and the rows of its range. It adds to the gradients of what the elements
 * share, `dshared`. `scratch` has room for min(R, CHUNK)·(S + the rows of the range) floats.
 */
export function attendOverRowsGrad(
  dq: usize, dk: usize, dv: usize, dbias: usize, biasStep: usize, dy: usize, probs: usize,
  q: usize, k: usize, v: usize, R: i32, S: i32, H: i32, D: i32, accumulate: bool,
  shared: SharedRows, dkeys: usize, dvalues: usize, dfar: usize, element: i32, scratch: usize,
): void {
  const begin = firstRow(shared, element);
  const N = rowsOf(shared, element);
  const width = D / H;
  const step = floats(D);
  const own = floats(S);
  const row = floats(S + N);
  const scale = <f32>Math.sqrt(<f64>H / <f64>D);
  const ofRows = scratch + own;
  let rowKeys = shared.k + begin * step;
  let rowValues = shared.v + begin * step;
  dkeys += begin * step;
  dvalues += begin * step;
  dfar += floats(shared.most - N);
  for (let h = 0; h < H; h++) {
    for (let first: i32 = 0; first < R; first += CHUNK) {
      const n = min(CHUNK, R - first);
      const queries = first * step;
      const weights = probs + first * row;
      dots(scratch, row, dy + queries, v, step, n, S, width);
      dots(ofRows, row, dy + queries, rowValues, step, n, N, width);
      scoreGrads(scratch, weights, row, n, S, N, scale, dbias ? dbias + first * own : 0, dfar);
      const more = accumulate || first > 0;
      product(dq + queries, step, scratch, row, 4, k, step, n, S, width, 0, 0, false);
      product(dq + queries, step, ofRows, row, 4, rowKeys, step, n, N, width, dq + queries, 0, false);
      product(dk, step, scratch, 4, row, q + queries, step, S, n, width, more ? dk : 0, 0, false);
      product(dv, step, weights, 4, row, dy + queries, step, S, n, width, more ? dv : 0, 0, false);
      // With one query, each sum of a product has one term: to begin and end its tiles would cost more.
      if (n == 1) {
        addOuter(dkeys, step, ofRows, q + queries, N, width);
        addOuter(dvalues, step, weights + own, dy + queries, N, width);
      } else {
        product(dkeys, step, ofRows, 4, row, q + queries, step, N, n, width, dkeys, 0, false);
        product(dvalues, step, weights + own, 4, row, dy + queries, step, N, n, width, dvalues, 0, false);
      }
    }
    const next = floats(width);
    dq += next;
    dk += next;
    dv += next;
    dy += next;
    q += next;
    k += next;
    v += next;
    rowKeys += next;
    rowValues += next;
    dkeys += next;
    dvalues += next;
    dfar += floats(shared.most);
    probs += R * row;
    if (dbias) dbias += biasStep;
  }
}

@inline
function firstRow(shared: SharedRows, element: i32): i32 {
  return load<i32>(shared.begin + floats(element));
}

/** How many rows an element attends to. */
@inline
function rowsOf(shared: SharedRows, element: i32): i32 {
  return load<i32>(shared.end + floats(element)) - firstRow(shared, element);
}

/**
 * In place, for each row of x [rows, n]: `scale·x + bias + mask` (0: none). The rows of x lie `step` bytes apart, those of
 * bias `biasStep` bytes.
 */
function addBiases(
  x: usize, step: usize, rows: i32, n: i32, scale: f32, bias: usize, biasStep: usize, mask: usize,
): void {
  const whole = floats(n & ~3);
  const rest = n & 3;
  const factor = f32x4.splat(scale);
  for (let row = 0; row < rows; row++) {
    for (let i: usize = 0; i < whole; i += 16) {
      let score = f32x4.mul(v128.load(x + i), factor);
      if (bias) score = f32x4.add(score, v128.load(bias + i));
      if (mask) score = f32x4.add(score, v128.load(mask + i));
      v128.store(x + i, score);
    }
    if (rest) {
      let score = f32x4.mul(loadPart(x + whole, rest), factor);
      if (bias) score = f32x4.add(score, loadPart(bias + whole, rest));
      if (mask) score = f32x4.add(score, loadPart(mask + whole, rest));
      storePart(x + whole, score, rest);
    }
    x += step;
    if (bias) bias += biasStep;
  }
}

/**
 * In place, for each row of dp, of S + N numbers: `scale·dS` with `dS = p ⊙ (dp − Σ p ⊙ dp)`. Adds dS of the first S numbers
 * to a row of dbias (0: none), and those of the others, of all rows, to dfar [N].
 */
function scoreGrads(
  dp: usize, p: usize, step: usize, rows: i32, S: i32, N: i32, scale: f32, dbias: usize, dfar: usize,
): void {
  const own = floats(S);
  for (let row = 0; row < rows; row++) {
    const mean = meanGrad(dp, p, S + N);
    scoreGrad(dp, p, S, mean, scale, dbias);
    scoreGrad(dp + own, p + own, N, mean, scale, dfar);
    dp += step;
    p += step;
    if (dbias) dbias += own;
  }
}
