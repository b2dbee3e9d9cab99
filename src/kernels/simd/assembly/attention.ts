import { exp } from './exp';
import { AttentionArguments, AttentionGradArguments, SCRATCH } from './generated/arguments';
import { product } from './product';
import { clear, firstLanes, floats, greatestLane, loadPart, madd, storePart, sum, sums } from './vector';

/** How many rows of score gradients are kept at a time; fewer if scratch is too small for so many keys. */
const GRADIENT_ROWS: i32 = 64;

/** For each head of width D/H: `probs = softmax_S(q·kᵀ / √(D/H) + bias + mask)`, `y = probs·v`. */
export function attention(a: AttentionArguments, from: i32, to: i32): void {
  const queries = floats(a.R * a.D);
  const keys = floats(a.S * a.D);
  const scores = floats(a.H * a.R * a.S);
  const biasStep = floats(a.R * a.S);
  for (let b = from; b < to; b++) {
    attentionOne(
      a.y + b * queries, a.probs + b * scores, a.q + b * queries, a.k + b * keys, a.v + b * keys,
      a.bias, biasStep, a.mask ? a.mask + b * floats(a.S) : 0, a.R, a.S, a.H, a.D,
    );
  }
}

/** `attention` of one element of the batch. The heads of the bias lie `biasStep` bytes apart; all share the mask. */
export function attentionOne(
  y: usize, probs: usize, q: usize, k: usize, v: usize, bias: usize, biasStep: usize, mask: usize,
  R: i32, S: i32, H: i32, D: i32,
): void {
  const width = D / H;
  const step = floats(D);
  const row = floats(S);
  const scale = <f32>Math.sqrt(<f64>H / <f64>D);
  for (let h = 0; h < H; h++) {
    dots(probs, row, q, k, step, R, S, width);
    softmax(probs, R, S, scale, bias, mask);
    product(y, step, probs, row, 4, v, step, R, S, width, 0, 0, false);
    const next = floats(width);
    y += next;
    q += next;
    k += next;
    v += next;
    probs += R * row;
    if (bias) bias += biasStep;
  }
}

/**
 * `dP = dy·vᵀ`, `dS = P ⊙ (dP − Σ_S P ⊙ dP)`, `dq = dS·k / √(D/H)`, `dk = dSᵀ·q / √(D/H)`,
 * `dv = Pᵀ·dy`. Lane l of dbias gets `Σ dS` over the l-th range of the batch.
 */
export function attentionGrad(
  a: AttentionGradArguments, lane: i32, from: i32, to: i32, scratch: usize,
): void {
  const queries = floats(a.R * a.D);
  const keys = floats(a.S * a.D);
  const scores = floats(a.H * a.R * a.S);
  const biasStep = floats(a.R * a.S);
  const dbias = a.dbias ? a.dbias + lane * scores : 0;
  if (dbias) clear(dbias, a.H * a.R * a.S);
  for (let b = from; b < to; b++) {
    attentionGradOne(
      a.dq + b * queries, a.dk + b * keys, a.dv + b * keys, dbias, biasStep, a.dy + b * queries,
      a.probs + b * scores, a.q + b * queries, a.k + b * keys, a.v + b * keys,
      a.R, a.S, a.H, a.D, a.accumulate != 0, scratch,
    );
  }
}

/**
 * `attentionGrad` of one element of the batch, with at most 262,144 keys. Adds to dbias (0: none), whose heads lie
 * `biasStep` bytes apart. `scratch` has room for GRADIENT_ROWS·S floats, or for SCRATCH bytes if that is less.
 */
export function attentionGradOne(
  dq: usize, dk: usize, dv: usize, dbias: usize, biasStep: usize, dy: usize, probs: usize,
  q: usize, k: usize, v: usize, R: i32, S: i32, H: i32, D: i32, accumulate: bool, scratch: usize,
): void {
  const width = D / H;
  const step = floats(D);
  const row = floats(S);
  const scale = <f32>Math.sqrt(<f64>H / <f64>D);
  const rows = S ? min(GRADIENT_ROWS, SCRATCH / (S << 2)) : GRADIENT_ROWS;
  for (let h = 0; h < H; h++) {
    for (let first: i32 = 0; first == 0 || first < R; first += rows) {
      const n = min(rows, R - first);
      const queries = first * step;
      const weights = probs + first * row;
      dots(scratch, row, dy + queries, v, step, n, S, width);
      softmaxGrad(scratch, weights, n, S, scale, dbias ? dbias + first * row : 0);
      const more = accumulate || first > 0;
      product(dq + queries, step, scratch, row, 4, k, step, n, S, width, 0, 0, false);
      product(dk, step, scratch, 4, row, q + queries, step, S, n, width, more ? dk : 0, 0, false);
      product(dv, step, weights, 4, row, dy + queries, step, S, n, width, more ? dv : 0, 0, false);
    }
    const next = floats(width);
    dq += next;
    dk += next;
    dv += next;
    dy += next;
    q += next;
    k += next;
    v += next;
    probs += R * row;
    if (dbias) dbias += biasStep;
  }
}

/** `out[R, S] = q[R, width]·k[S, width]ᵀ`. The rows of out lie `outStep` bytes apart, those of q and k `step` bytes. */
export function dots(
  out: usize, outStep: usize, q: usize, k: usize, step: usize, R: i32, S: i32, width: i32,
): void {
  const whole = floats(width & ~3);
  const rest = width & 3;
  for (let r = 0; r < R; r++) {
    let k0 = k;
    for (let s: i32 = 0; s < S; s += 4) {
      const n = min(4, S - s);
      // Beyond the last key, the first of the four is read again; those sums are not stored.
      const k1 = n > 1 ? k0 + step : k0;
      const k2 = n > 2 ? k1 + step : k0;
      const k3 = n > 3 ? k2 + step : k0;
      let c0 = f32x4.splat(0),
        c1 = f32x4.splat(0),
        c2 = f32x4.splat(0),
        c3 = f32x4.splat(0);
      for (let i: usize = 0; i < whole; i += 16) {
        const x = v128.load(q + i);
        c0 = madd(x, v128.load(k0 + i), c0);
        c1 = madd(x, v128.load(k1 + i), c1);
        c2 = madd(x, v128.load(k2 + i), c2);
        c3 = madd(x, v128.load(k3 + i), c3);
      }
      if (rest) {
        const x = loadPart(q + whole, rest);
        c0 = madd(x, loadPart(k0 + whole, rest), c0);
        c1 = madd(x, loadPart(k1 + whole, rest), c1);
        c2 = madd(x, loadPart(k2 + whole, rest), c2);
        c3 = madd(x, loadPart(k3 + whole, rest), c3);
      }
      const c = sums(c0, c1, c2, c3);
      if (n == 4) v128.store(out, c);
      else storePart(out, c, n);
      out += floats(n);
      k0 += 4 * step;
    }
    q += step;
    out += outStep - floats(S);
  }
}

/**
 * In place, for each row of x [rows, n]: `softmax(scale·x + bias + mask)`. bias has the shape of x, mask has n numbers; 0:
 * none.
 */
export function softmax(x: usize, rows: i32, n: i32, scale: f32, bias: usize, mask: usize): void {
  const whole = floats(n & ~3);
  const rest = n & 3;
  const factor = f32x4.splat(scale);
  const step = floats(n);
  for (let row = 0; row < rows; row++) {
    // The greatest score that is not NaN. A NaN reaches all weights through their total.
    let greatest = f32x4.splat(-Infinity);
    let last = f32x4.splat(-Infinity);
    for (let i: usize = 0; i < whole; i += 16) {
      let score = f32x4.mul(v128.load(x + i), factor);
      if (bias) score = f32x4.add(score, v128.load(bias + i));
      if (mask) score = f32x4.add(score, v128.load(mask + i));
      v128.store(x + i, score);
      greatest = f32x4.pmax(greatest, score);
    }
    if (rest) {
      let score = f32x4.mul(loadPart(x + whole, rest), factor);
      if (bias) score = f32x4.add(score, loadPart(bias + whole, rest));
      if (mask) score = f32x4.add(score, loadPart(mask + whole, rest));
      last = v128.bitselect(score, last, firstLanes(rest));
      greatest = f32x4.pmax(greatest, last);
    }
    const top = greatestLane(greatest);
    let total = f32x4.splat(0);
    for (let i: usize = 0; i < whole; i += 16) {
      const e = exp(f32x4.sub(v128.load(x + i), top));
      v128.store(x + i, e);
      total = f32x4.add(total, e);
    }
    if (rest) {
      last = exp(f32x4.sub(last, top));
      total = f32x4.add(total, last);
    }
    const divisor = f32x4.splat(sum(total));
    for (let i: usize = 0; i < whole; i += 16) {
      v128.store(x + i, f32x4.div(v128.load(x + i), divisor));
    }
    if (rest) storePart(x + whole, f32x4.div(last, divisor), rest);
    x += step;
    if (bias) bias += step;
  }
}

/**
 * In place, for each row of dp [rows, n]: `scale·dS` with `dS = p ⊙ (dp − Σ p ⊙ dp)`. Adds dS to dbias (0: none).
 */
function softmaxGrad(dp: usize, p: usize, rows: i32, n: i32, scale: f32, dbias: usize): void {
  const step = floats(n);
  for (let row = 0; row < rows; row++) {
    scoreGrad(dp, p, n, meanGrad(dp, p, n), scale, dbias);
    dp += step;
    p += step;
    if (dbias) dbias += step;
  }
}

/** `Σ p ⊙ dp` of n numbers. */
@inline
export function meanGrad(dp: usize, p: usize, n: i32): f32 {
  const whole = floats(n & ~3);
  const rest = n & 3;
  let total = f32x4.splat(0);
  for (let i: usize = 0; i < whole; i += 16) {
    total = madd(v128.load(p + i), v128.load(dp + i), total);
  }
  if (rest) total = madd(loadPart(p + whole, rest), loadPart(dp + whole, rest), total);
  return sum(total);
}

/** In place, for n numbers: `scale·dS` with `dS = p ⊙ (dp − mean)`. Adds dS to dbias (0: none). */
@inline
export function scoreGrad(dp: usize, p: usize, n: i32, mean: f32, scale: f32, dbias: usize): void {
  const whole = floats(n & ~3);
  const rest = n & 3;
  const factor = f32x4.splat(scale);
  const subtracted = f32x4.splat(mean);
  for (let i: usize = 0; i < whole; i += 16) {
    const ds = f32x4.mul(v128.load(p + i), f32x4.sub(v128.load(dp + i), subtracted));
    if (dbias) v128.store(dbias + i, f32x4.add(v128.load(dbias + i), ds));
    v128.store(dp + i, f32x4.mul(ds, factor));
  }
  if (rest) {
    const d = f32x4.sub(loadPart(dp + whole, rest), subtracted);
    const ds = f32x4.mul(loadPart(p + whole, rest), d);
    if (dbias) storePart(dbias + whole, f32x4.add(loadPart(dbias + whole, rest), ds), rest);
    storePart(dp + whole, f32x4.mul(ds, factor), rest);
  }
}
