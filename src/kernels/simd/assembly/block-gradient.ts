import { attentionGradOne } from './attention';
import { attendOverRowsGrad } from './attention-over-rows';
import { ownKey } from './block';
import { biasStep, Group, groupsOf, keysOf, placeGroup, scoresOf } from './block-group';
import { multiplyPacked, TILE_SCRATCH } from './gemm';
import { BlockArguments, BlockGradArguments, BlockParameters, CHUNK, LANES } from './generated/arguments';
import { product } from './product';
import { reluGradient } from './relu-gradient';
import { rmsNormGradRows, rmsNormRows } from './rms-norm';
import { add, clear, copy, floats } from './vector';

/** Intermediate results of a chunk of rows or of a group, in the thread's own memory. */
@unmanaged
class Tools {
  scratch: usize;
  /** [CHUNK, D] */
  normed: usize;
  dnormed: usize;
  dlate: usize;
  /** [CHUNK, F] */
  dhidden: usize;
  rest: usize;
  /** A row a query, as also dq. */
  dread: usize;
  dq: usize;
  /** A row a query: the part of dx that reaches the first tokens directly. */
  dfirst: usize;
  /** A row a token. */
  dx: usize;
  /** A row a key, if tokens attend to one another. */
  dkeys: usize;
  dvalues: usize;
  /** The gradients of the scores of up to CHUNK queries, where the elements share rows. */
  dscores: usize;
}

/**
 * The gradients of `block`. The kernel adds to those of the context and of the injected tokens, and in lanes of the groups
 * to those of the parameters and the bias. It computes the results of the norms again; `block` does not keep them.
 */
export function blockGrad(a: BlockGradArguments, part: i32, parts: i32, scratch: usize): void {
  const b = a.block;
  const g = changetype<Group>(scratch);
  const sums = changetype<BlockParameters>(scratch + 128);
  const t = changetype<Tools>(scratch + 192);
  const groups = groupsOf(b);
  const scores = b.H * b.R * keysOf(b);
  prepare(a, t, scratch + 256, part);
  for (let lane = part; lane < LANES; lane += parts) {
    placeSums(sums, a.sums, lane * a.laneStep);
    const dbias = a.dbias ? a.dbias + floats(lane * scores) : 0;
    for (let i = lane; i < groups; i += LANES) {
      placeGroup(g, b, i, part);
      if (!b.z) t.dx = a.dx + floats(g.first * b.R * b.D);
      concludeGrad(a, sums, g, t);
      readGrad(a, g, t, dbias, lane * a.dshared.laneStep);
      if (g.whole) askGrad(b, sums, g, t);
      else askReadoutsGrad(b, sums, g, t);
      if (b.z) beginGrad(a, sums, g, t);
    }
  }
}

function prepare(a: BlockGradArguments, t: Tools, scratch: usize, part: i32): void {
  const b = a.block;
  const step = floats(b.D);
  const tokens = b.group * b.R * step;
  t.scratch = scratch;
  t.normed = scratch + TILE_SCRATCH;
  t.dnormed = t.normed + CHUNK * step;
  t.dlate = t.dnormed + CHUNK * step;
  t.dhidden = t.dlate + CHUNK * step;
  t.rest = t.dhidden + floats(CHUNK * b.F);
  t.dread = a.work + part * a.workStep;
  t.dq = t.dread + tokens;
  t.dfirst = t.dq + tokens;
  t.dx = t.dfirst + tokens;
  t.dkeys = t.dx + tokens;
  t.dvalues = t.dkeys + b.group * keysOf(b) * step;
  t.dscores = t.dvalues + b.group * keysOf(b) * step;
}

/** Sets `sums` to the addresses of a lane's gradients, `shift` bytes after those of the first lane. */
function placeSums(sums: BlockParameters, first: BlockParameters, shift: usize): void {
  const to = changetype<usize>(sums);
  const from = changetype<usize>(first);
  for (let i: usize = 0; i < offsetof<BlockParameters>(); i += sizeof<usize>()) {
    store<usize>(to + i, load<usize>(from + i) + shift);
  }
}

/** From dy to dread, the gradient of the attention's result. Also the part of dx that bypasses the attention. */
function concludeGrad(a: BlockGradArguments, sums: BlockParameters, g: Group, t: Tools): void {
  const b = a.block;
  const w = b.weights;
  const D = b.D;
  const F = b.F;
  const step = floats(D);
  const dyRows = g.whole ? a.dy + g.first * b.R * step : a.dreadouts + g.first * step;
  const dxRows = g.whole ? t.dx : t.dfirst;
  if (g.whole && a.dreadouts) addReadouts(a, g, dyRows);
  for (let row = 0; row < g.asked; row += CHUNK) {
    const rows = min(CHUNK, g.asked - row);
    const at = row * step;
    const scale = floats(row);
    const hidden = g.hidden + scale * F;
    const dy = dyRows + at;
    const dx = dxRows + at;
    rmsNormGradRows(
      t.dlate, sums.forwardAfter, dy, g.forwarded + at, g.r4 + scale, w.forwardAfter, rows, D, false,
    );
    addTransposed(sums.outer, hidden, t.dlate, rows, F, D);
    times(t.dhidden, t.dlate, w.outer, rows, D, F, false, t.scratch);
    reluGradient(t.dhidden, t.dhidden, hidden, rows * F);
    for (let i = 0; i < rows; i++) add(sums.innerBias, t.dhidden + floats(i * F), F);
    rmsNormRows(t.normed, g.r3 + scale, g.middle + at, w.forwardBefore, rows, D, b.eps, 0);
    addTransposed(sums.inner, t.normed, t.dhidden, rows, D, F);
    times(t.dnormed, t.dhidden, w.inner, rows, F, D, false, t.scratch);
    copy(dx, dy, rows * D);
    rmsNormGradRows(
      dx, sums.forwardBefore, t.dnormed, g.middle + at, g.r3 + scale, w.forwardBefore, rows, D, true,
    );
    rmsNormGradRows(
      t.dlate, sums.attentionAfter, dx, g.projected + at, g.r2 + scale, w.attentionAfter, rows, D, false,
    );
    addTransposed(sums.out, g.read + at, t.dlate, rows, D, D);
    times(t.dread + at, t.dlate, w.out, rows, D, D, false, t.scratch);
  }
}

/** Adds the gradients of the readouts to those of the first tokens. */
function addReadouts(a: BlockGradArguments, g: Group, dy: usize): void {
  const b = a.block;
  const step = floats(b.D);
  for (let i = g.first; i < g.last; i++) {
    add(dy + (i - g.first) * b.R * step, a.dreadouts + i * step, b.D);
  }
}

/** From dread to the gradients of queries, keys, values and bias. Those of shared rows lie `shift` bytes after the first lane. */
function readGrad(a: BlockGradArguments, g: Group, t: Tools, dbias: usize, shift: usize): void {
  const b = a.block;
  const D = b.D;
  const T = keysOf(b);
  const queries = floats(g.queries * D);
  const keys = floats(T * D);
  const scores = floats(g.queries * b.H * scoresOf(b));
  const context = floats(b.S * D);
  for (let i = 0; i < g.last - g.first; i++) {
    const dk = b.weights.key ? t.dkeys + i * keys : a.dk + (g.first + i) * keys;
    const dv = b.weights.key ? t.dvalues + i * keys : a.dv + (g.first + i) * keys;
    const dq = t.dq + i * queries;
    const dy = t.dread + i * queries;
    const probs = g.probs + i * scores;
    const q = g.q + i * queries;
    const k = g.keys + i * keys;
    const v = g.values + i * keys;
    if (b.shared.k) {
      attendOverRowsGrad(
        dq, dk, dv, dbias, biasStep(b), dy, probs, q, k, v, g.queries, T, b.H, D, !b.weights.key,
        b.shared, a.dshared.k + shift, a.dshared.v + shift, a.dshared.bias + shift, g.first + i, t.dscores,
      );
    } else {
      attentionGradOne(
        dq, dk, dv, dbias, biasStep(b), dy, probs, q, k, v, g.queries, T, b.H, D, !b.weights.key, t.rest,
      );
    }
    if (b.weights.key && b.S) {
      add(a.dk + (g.first + i) * context, dk, b.S * D);
      add(a.dv + (g.first + i) * context, dv, b.S * D);
    }
  }
}

/** Adds the part of dx that comes through the queries, and through the tokens' own keys and values. */
function askGrad(b: BlockArguments, sums: BlockParameters, g: Group, t: Tools): void {
  const w = b.weights;
  const D = b.D;
  const step = floats(D);
  for (let row = 0; row < g.tokens; row += CHUNK) {
    const rows = min(CHUNK, g.tokens - row);
    const at = row * step;
    const r1 = g.r1 + floats(row);
    rmsNormRows(t.normed, r1, g.x + at, w.attentionBefore, rows, D, b.eps, 0);
    addTransposed(sums.query, t.normed, t.dq + at, rows, D, D);
    times(t.dnormed, t.dq + at, w.query, rows, D, D, false, t.scratch);
    if (w.key) ownGrad(b, sums, t, row, rows, true);
    rmsNormGradRows(
      t.dx + at, sums.attentionBefore, t.dnormed, g.x + at, r1, w.attentionBefore, rows, D, true,
    );
  }
}

/** `askGrad` for a group in which only the first tokens have queries. All tokens have keys and values. */
function askReadoutsGrad(b: BlockArguments, sums: BlockParameters, g: Group, t: Tools): void {
  const w = b.weights;
  const D = b.D;
  const R = b.R;
  const step = floats(D);
  const asked = t.dread;
  rmsNormRows(t.normed, t.dlate, g.own, w.attentionBefore, g.asked, D, b.eps, 0);
  addTransposed(sums.query, t.normed, t.dq, g.asked, D, D);
  times(asked, t.dq, w.query, g.asked, D, D, false, t.scratch);
  for (let row = 0; row < g.tokens; row += CHUNK) {
    const rows = min(CHUNK, g.tokens - row);
    const at = row * step;
    const r1 = g.r1 + floats(row);
    rmsNormRows(t.normed, r1, g.x + at, w.attentionBefore, rows, D, b.eps, 0);
    ownGrad(b, sums, t, row, rows, false);
    // `begin` is the first element that begins among these rows.
    const begin = (row + R - 1) / R;
    for (let i = begin; i * R < row + rows; i++) add(t.dnormed + (i * R - row) * step, asked + i * step, D);
    rmsNormGradRows(
      t.dx + at, sums.attentionBefore, t.dnormed, g.x + at, r1, w.attentionBefore, rows, D, false,
    );
    for (let i = begin; i * R < row + rows; i++) add(t.dx + i * R * step, t.dfirst + i * step, D);
  }
}

/** The gradients that come through the tokens' own keys and values, for the group's rows `row`..`row + rows - 1`. */
function ownGrad(
  b: BlockArguments, sums: BlockParameters, t: Tools, row: i32, rows: i32, accumulate: bool,
): void {
  const w = b.weights;
  const D = b.D;
  const dkeys = ownRows(b, t.dkeys, t.dlate, row, rows);
  addTransposed(sums.key, t.normed, dkeys, rows, D, D);
  times(t.dnormed, dkeys, w.key, rows, D, D, accumulate, t.scratch);
  const dvalues = ownRows(b, t.dvalues, t.dlate, row, rows);
  addTransposed(sums.value, t.normed, dvalues, rows, D, D);
  times(t.dnormed, dvalues, w.value, rows, D, D, true, t.scratch);
}

/** The gradients of the tokens' own keys, one after another: in place, or copied from between those of the context. */
function ownRows(b: BlockArguments, keys: usize, room: usize, row: i32, rows: i32): usize {
  const step = floats(b.D);
  if (!b.S) return keys + row * step;
  for (let i = 0; i < rows; i++) copy(room + i * step, keys + ownKey(b, row + i) * step, b.D);
  return room;
}

/** From dx to dz. */
function beginGrad(a: BlockGradArguments, sums: BlockParameters, g: Group, t: Tools): void {
  const b = a.block;
  const w = b.weights;
  const D = b.D;
  const step = floats(D);
  const from = g.first * b.R * step;
  for (let row = 0; row < g.tokens; row += CHUNK) {
    const rows = min(CHUNK, g.tokens - row);
    const at = row * step;
    const r0 = g.r0 + floats(row);
    const z = b.z + from + at;
    const dz = a.dx + from + at;
    if (!w.keep) {
      rmsNormGradRows(dz, sums.gain, t.dx + at, z, r0, w.gain, rows, D, false);
      continue;
    }
    rmsNormGradRows(t.dnormed, sums.gain, t.dx + at, g.mixed + at, r0, w.gain, rows, D, false);
    addTransposed(sums.keep, z, t.dnormed, rows, D, D);
    times(dz, t.dnormed, w.keep, rows, D, D, false, t.scratch);
    add(a.dinject + from + at, t.dnormed, rows * D);
  }
}

/** `y[M, N] += a[rows, M]ᵀ·b[rows, N]`. */
@inline
function addTransposed(y: usize, a: usize, b: usize, rows: i32, M: i32, N: i32): void {
  const step = floats(N);
  product(y, step, a, 4, floats(M), b, step, M, rows, N, y, 0, false);
}

/** `y[rows, N] (+)= x[rows, K]·panels`. */
@inline
function times(
  y: usize, x: usize, panels: usize, rows: i32, K: i32, N: i32, accumulate: bool, scratch: usize,
): void {
  const base = accumulate ? y : 0;
  multiplyPacked(y, floats(N), x, floats(K), false, panels, 0, rows, K, N, base, 0, false, scratch);
}
