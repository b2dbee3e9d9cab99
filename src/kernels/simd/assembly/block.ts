import { attentionOne } from './attention';
import { attendOverRows } from './attention-over-rows';
import { biasStep, Group, groupsOf, keysOf, placeGroup, scoresOf } from './block-group';
import { multiplyPacked, TILE_SCRATCH } from './gemm';
import { BlockArguments, CHUNK } from './generated/arguments';
import { product } from './product';
import { rmsNormRows } from './rms-norm';
import { copy, floats } from './vector';

/**
 * A transformer block (`transformerBlock` in src/kernels/ops/block.ts defines it). It processes one group of the batch after
 * another, so that its products find their operands in cache. The first block of a step begins with
 *
 *     x = norm(z·keep + inject)
 *
 * and each block goes on with
 *
 *     middle = x + norm(Attention(norm(x) Wq, keys, values) Wo)
 *     y = middle + norm(relu(norm(middle) W₁ + b) W₂)
 */
export function block(a: BlockArguments, part: i32, parts: i32, scratch: usize): void {
  const g = changetype<Group>(scratch);
  const tools = scratch + 128;
  const groups = groupsOf(a);
  for (let i = part; i < groups; i += parts) {
    placeGroup(g, a, i, part);
    if (a.z) begin(a, g, tools);
    ask(a, g, tools);
    read(a, g);
    conclude(a, g, tools);
    if (g.whole && a.readouts) copyReadouts(a, g);
  }
}

/** Computes x from z. */
function begin(a: BlockArguments, g: Group, tools: usize): void {
  const w = a.weights;
  const step = floats(a.D);
  const from = g.first * a.R * step;
  let z = a.z + from;
  if (w.keep) {
    const inject = a.inject ? a.inject + from : 0;
    times(g.mixed, z, w.keep, a.packed, g.tokens, a.D, a.D, inject, 0, false, tools);
    z = g.mixed;
  }
  rmsNormRows(g.x, g.r0, z, w.gain, g.tokens, a.D, a.eps, 0);
}

/** Computes queries, and the tokens' own keys and values. */
function ask(a: BlockArguments, g: Group, tools: usize): void {
  const w = a.weights;
  const D = a.D;
  const step = floats(D);
  const normed = tools + TILE_SCRATCH;
  const made = normed + CHUNK * step;
  if (w.key && a.S) copyContext(a, g);
  for (let row = 0; row < g.tokens; row += CHUNK) {
    const rows = min(CHUNK, g.tokens - row);
    const at = row * step;
    rmsNormRows(normed, g.r1 + floats(row), g.x + at, w.attentionBefore, rows, D, a.eps, 0);
    if (g.whole) times(g.q + at, normed, w.query, a.packed, rows, D, D, 0, 0, false, tools);
    if (!w.key) continue;
    if (a.S) {
      times(made, normed, w.key, a.packed, rows, D, D, 0, 0, false, tools);
      scatterOwn(g.keys, made, a, row, rows);
      times(made, normed, w.value, a.packed, rows, D, D, 0, 0, false, tools);
      scatterOwn(g.values, made, a, row, rows);
    } else {
      times(g.keys + at, normed, w.key, a.packed, rows, D, D, 0, 0, false, tools);
      times(g.values + at, normed, w.value, a.packed, rows, D, D, 0, 0, false, tools);
    }
  }
  if (g.whole) return;
  for (let i = 0; i < g.asked; i++) copy(g.own + i * step, g.x + i * a.R * step, D);
  // This writes scales to r2, which `conclude` overwrites.
  rmsNormRows(normed, g.r2, g.own, w.attentionBefore, g.asked, D, a.eps, 0);
  times(g.q, normed, w.query, a.packed, g.asked, D, D, 0, 0, false, tools);
}

/** Copies keys and values of the context to their places among all keys and values. */
function copyContext(a: BlockArguments, g: Group): void {
  const step = floats(a.D);
  for (let b = g.first; b < g.last; b++) {
    const to = (b - g.first) * keysOf(a) * step;
    const from = b * a.S * step;
    copy(g.keys + to, a.k + from, a.S * a.D);
    copy(g.values + to, a.v + from, a.S * a.D);
  }
}

/** Copies rows of tokens to their places among all keys. The first is the group's row `row`. */
function scatterOwn(keys: usize, rows: usize, a: BlockArguments, row: i32, count: i32): void {
  const step = floats(a.D);
  for (let i = row; i < row + count; i++) copy(keys + ownKey(a, i) * step, rows + (i - row) * step, a.D);
}

/** The place of a token's key among the group's keys, for the token in row `row` of the group. */
@inline
export function ownKey(a: BlockArguments, row: i32): i32 {
  return row + (row / a.R + 1) * a.S;
}

/** Attention: from queries, keys and values to `read`. */
function read(a: BlockArguments, g: Group): void {
  const T = keysOf(a);
  const queries = floats(g.queries * a.D);
  const keys = floats(T * a.D);
  // Where nothing is kept, one place serves all elements, so that it stays in cache.
  const scores = a.ownStep ? 0 : floats(g.queries * a.H * scoresOf(a));
  let mask = a.mask ? a.mask + floats(g.first * T) : 0;
  for (let i = 0; i < g.last - g.first; i++) {
    const y = g.read + i * queries;
    const probs = g.probs + i * scores;
    const q = g.q + i * queries;
    const k = g.keys + i * keys;
    const v = g.values + i * keys;
    if (a.shared.k) {
      attendOverRows(
        y, probs, q, k, v, a.bias, biasStep(a), mask, g.queries, T, a.H, a.D, a.shared, g.first + i,
      );
    } else {
      attentionOne(y, probs, q, k, v, a.bias, biasStep(a), mask, g.queries, T, a.H, a.D);
    }
    if (mask) mask += floats(T);
  }
}

/** From the attention's result to y. */
function conclude(a: BlockArguments, g: Group, tools: usize): void {
  const w = a.weights;
  const D = a.D;
  const F = a.F;
  const step = floats(D);
  const normed = tools + TILE_SCRATCH;
  for (let row = 0; row < g.asked; row += CHUNK) {
    const rows = min(CHUNK, g.asked - row);
    const at = row * step;
    const scale = floats(row);
    const hidden = g.hidden + scale * F;
    times(g.projected + at, g.read + at, w.out, a.packed, rows, D, D, 0, 0, false, tools);
    rmsNormRows(g.middle + at, g.r2 + scale, g.projected + at, w.attentionAfter, rows, D, a.eps, g.own + at);
    rmsNormRows(normed, g.r3 + scale, g.middle + at, w.forwardBefore, rows, D, a.eps, 0);
    times(hidden, normed, w.inner, a.packed, rows, D, F, 0, w.innerBias, true, tools);
    times(g.forwarded + at, hidden, w.outer, a.packed, rows, F, D, 0, 0, false, tools);
    rmsNormRows(g.y + at, g.r4 + scale, g.forwarded + at, w.forwardAfter, rows, D, a.eps, g.middle + at);
  }
}

function copyReadouts(a: BlockArguments, g: Group): void {
  const step = floats(a.D);
  for (let b = g.first; b < g.last; b++) {
    copy(a.readouts + b * step, g.y + (b - g.first) * a.R * step, a.D);
  }
}

/** `y[rows, N] = base + x[rows, K]·w + bias`. w lies in panels if `packed`. */
@inline
function times(
  y: usize, x: usize, w: usize, packed: i32, rows: i32, K: i32, N: i32, base: usize, bias: usize,
  rectify: bool, tools: usize,
): void {
  const xStep = floats(K);
  const yStep = floats(N);
  if (packed) multiplyPacked(y, yStep, x, xStep, false, w, 0, rows, K, N, base, bias, rectify, tools);
  else product(y, yStep, x, xStep, 4, w, yStep, rows, K, N, base, bias, rectify);
}
