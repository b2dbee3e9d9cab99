import { attentionGradOne } from './attention';
import { ownKey } from './block';
import { BlockArguments, BlockParameters, CHUNK, tileElements } from './block-arguments';
import { biasStep, Group, groupsOf, keysOf, placeGroup } from './block-group';
import { multiplyPacked, TILE_SCRATCH } from './gemm';
import { LANES } from './lanes';
import { matricesOf } from './panels';
import { product } from './product';
import { reluGradient } from './relu-gradient';
import { rmsNormGradRows, rmsNormRows } from './rms-norm';
import { add, clear, copy } from './vector';

/** What lies in between, of a chunk of rows or a group; all of it the thread's own. */
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
  /** A row a query: dx as far as it comes from them, where they are not the tokens. */
  dread: usize;
  dq: usize;
  dfirst: usize;
  /** A row a token. */
  dx: usize;
  /** A row a key, where tokens attend to one another. */
  dkeys: usize;
  dvalues: usize;
}

/**
 * BLOCK_GRAD: the gradients of BLOCK. Those of the context, of what is injected, and in lanes of the groups those of
 * the parameters and the bias are added to what is there. What the norms gave is made again rather than kept.
 */
export function blockGrad(args: usize, scratch: usize, part: i32, parts: i32): void {
  const a = changetype<BlockArguments>(args);
  const g = changetype<Group>(scratch);
  const m = matricesOf(a, scratch + 128, true);
  const sums = changetype<BlockParameters>(scratch + 192);
  const t = changetype<Tools>(scratch + 256);
  const size = tileElements(a.B, a.R);
  const groups = groupsOf(a, size);
  const scores = a.H * a.R * keysOf(a);
  prepare(a, t, size, scratch + 320, part);
  for (let lane = part; lane < LANES; lane += parts) {
    placeSums(a, sums, a.lanes + (<usize>(lane * a.parameters) << 2));
    const dbias = a.dbias ? a.dbias + (<usize>(lane * scores) << 2) : 0;
    for (let i = lane; i < groups; i += LANES) {
      placeGroup(g, a, i, size, part);
      if (!a.z) t.dx = a.dx + <usize>(g.first * a.R * a.D << 2);
      concludeGrad(a, m, sums, g, t);
      readGrad(a, g, t, dbias);
      if (g.whole) askGrad(a, m, sums, g, t);
      else askReadoutsGrad(a, m, sums, g, t);
      if (a.z) beginGrad(a, m, sums, g, t);
    }
  }
}

function prepare(a: BlockArguments, t: Tools, size: i32, scratch: usize, part: i32): void {
  const step = <usize>a.D << 2;
  const tokens = size * a.R * step;
  t.scratch = scratch;
  t.normed = scratch + TILE_SCRATCH;
  t.dnormed = t.normed + CHUNK * step;
  t.dlate = t.dnormed + CHUNK * step;
  t.dhidden = t.dlate + CHUNK * step;
  t.rest = t.dhidden + (<usize>(CHUNK * a.F) << 2);
  t.dread = a.work + part * a.workStep;
  t.dq = t.dread + tokens;
  t.dfirst = t.dq + tokens;
  t.dx = t.dfirst + tokens;
  t.dkeys = t.dx + tokens;
  t.dvalues = t.dkeys + size * keysOf(a) * step;
}

function placeSums(a: BlockArguments, sums: BlockParameters, from: usize): void {
  const row = <usize>a.D << 2;
  const square = row * a.D;
  const own = a.key ? square : 0;
  sums.attentionBefore = from;
  sums.query = sums.attentionBefore + row;
  sums.out = sums.query + square;
  sums.attentionAfter = sums.out + square;
  sums.forwardBefore = sums.attentionAfter + row;
  sums.inner = sums.forwardBefore + row;
  sums.innerBias = sums.inner + row * a.F;
  sums.outer = sums.innerBias + (<usize>a.F << 2);
  sums.forwardAfter = sums.outer + row * a.F;
  sums.key = sums.forwardAfter + row;
  sums.value = sums.key + own;
  sums.gain = sums.value + own;
  sums.keep = sums.gain + row;
}

/** From dy to dread, and of the queries dx as far as it does not come by the attention. */
function concludeGrad(
  a: BlockArguments, m: BlockParameters, sums: BlockParameters, g: Group, t: Tools,
): void {
  const D = a.D;
  const F = a.F;
  const step = <usize>D << 2;
  const dyRows = g.whole ? a.dy + g.first * a.R * step : a.dreadouts + g.first * step;
  const dxRows = g.whole ? t.dx : t.dfirst;
  if (g.whole && a.dreadouts) addReadouts(a, g, dyRows);
  for (let row = 0; row < g.asked; row += CHUNK) {
    const rows = min(CHUNK, g.asked - row);
    const at = row * step;
    const scale = <usize>row << 2;
    const hidden = g.hidden + scale * F;
    const dy = dyRows + at;
    const dx = dxRows + at;
    rmsNormGradRows(
      t.dlate, sums.forwardAfter, dy, g.forwarded + at, g.r4 + scale, a.forwardAfter, rows, D, false,
    );
    addTransposed(sums.outer, hidden, t.dlate, rows, F, D);
    times(t.dhidden, t.dlate, m.outer, rows, D, F, false, t.scratch);
    reluGradient(t.dhidden, t.dhidden, hidden, rows * F);
    for (let i = 0; i < rows; i++) add(sums.innerBias, t.dhidden + (<usize>(i * F) << 2), F);
    rmsNormRows(t.normed, g.r3 + scale, g.middle + at, a.forwardBefore, rows, D, a.eps, 0);
    addTransposed(sums.inner, t.normed, t.dhidden, rows, D, F);
    times(t.dnormed, t.dhidden, m.inner, rows, F, D, false, t.scratch);
    copy(dx, dy, rows * D);
    rmsNormGradRows(
      dx, sums.forwardBefore, t.dnormed, g.middle + at, g.r3 + scale, a.forwardBefore, rows, D, true,
    );
    rmsNormGradRows(
      t.dlate, sums.attentionAfter, dx, g.projected + at, g.r2 + scale, a.attentionAfter, rows, D, false,
    );
    addTransposed(sums.out, g.read + at, t.dlate, rows, D, D);
    times(t.dread + at, t.dlate, m.out, rows, D, D, false, t.scratch);
  }
}

/** What comes to the first tokens by the readouts. */
function addReadouts(a: BlockArguments, g: Group, dy: usize): void {
  const step = <usize>a.D << 2;
  for (let b = g.first; b < g.last; b++) {
    add(dy + (b - g.first) * a.R * step, a.dreadouts + b * step, a.D);
  }
}

function readGrad(a: BlockArguments, g: Group, t: Tools, dbias: usize): void {
  const D = a.D;
  const T = keysOf(a);
  const queries = <usize>(g.queries * D) << 2;
  const keys = <usize>(T * D) << 2;
  const scores = <usize>(g.queries * a.H * T) << 2;
  const context = <usize>(a.S * D) << 2;
  for (let i = 0; i < g.last - g.first; i++) {
    const dk = a.key ? t.dkeys + i * keys : a.dk + (g.first + i) * keys;
    const dv = a.key ? t.dvalues + i * keys : a.dv + (g.first + i) * keys;
    attentionGradOne(
      t.dq + i * queries, dk, dv, dbias, biasStep(a), t.dread + i * queries, g.probs + i * scores,
      g.q + i * queries, g.keys + i * keys, g.values + i * keys, g.queries, T, a.H, D, !a.key, t.rest,
    );
    if (a.key && a.S) {
      add(a.dk + (g.first + i) * context, dk, a.S * D);
      add(a.dv + (g.first + i) * context, dv, a.S * D);
    }
  }
}

/** What comes to x by queries, and by keys and values of the tokens’ own. */
function askGrad(a: BlockArguments, m: BlockParameters, sums: BlockParameters, g: Group, t: Tools): void {
  const D = a.D;
  const step = <usize>D << 2;
  for (let row = 0; row < g.tokens; row += CHUNK) {
    const rows = min(CHUNK, g.tokens - row);
    const at = row * step;
    const r1 = g.r1 + (<usize>row << 2);
    rmsNormRows(t.normed, r1, g.x + at, a.attentionBefore, rows, D, a.eps, 0);
    addTransposed(sums.query, t.normed, t.dq + at, rows, D, D);
    times(t.dnormed, t.dq + at, m.query, rows, D, D, false, t.scratch);
    if (a.key) ownGrad(a, m, sums, t, row, rows, true);
    rmsNormGradRows(
      t.dx + at, sums.attentionBefore, t.dnormed, g.x + at, r1, a.attentionBefore, rows, D, true,
    );
  }
}

/** `askGrad` where only the first tokens have queries; the others have keys and values of their own. */
function askReadoutsGrad(
  a: BlockArguments, m: BlockParameters, sums: BlockParameters, g: Group, t: Tools,
): void {
  const D = a.D;
  const R = a.R;
  const step = <usize>D << 2;
  const asked = t.dread;
  rmsNormRows(t.normed, t.dlate, g.own, a.attentionBefore, g.asked, D, a.eps, 0);
  addTransposed(sums.query, t.normed, t.dq, g.asked, D, D);
  times(asked, t.dq, m.query, g.asked, D, D, false, t.scratch);
  for (let row = 0; row < g.tokens; row += CHUNK) {
    const rows = min(CHUNK, g.tokens - row);
    const at = row * step;
    const r1 = g.r1 + (<usize>row << 2);
    rmsNormRows(t.normed, r1, g.x + at, a.attentionBefore, rows, D, a.eps, 0);
    ownGrad(a, m, sums, t, row, rows, false);
    // From the first element that begins among these rows.
    const begin = (row + R - 1) / R;
    for (let i = begin; i * R < row + rows; i++) add(t.dnormed + (i * R - row) * step, asked + i * step, D);
    rmsNormGradRows(
      t.dx + at, sums.attentionBefore, t.dnormed, g.x + at, r1, a.attentionBefore, rows, D, false,
    );
    for (let i = begin; i * R < row + rows; i++) add(t.dx + i * R * step, t.dfirst + i * step, D);
  }
}

/** Gradients by keys and values of the tokens’ own, of the group's rows `row`..`row + rows - 1`. */
function ownGrad(
  a: BlockArguments, m: BlockParameters, sums: BlockParameters, t: Tools, row: i32, rows: i32,
  accumulate: bool,
): void {
  const D = a.D;
  const dkeys = ownRows(a, t.dkeys, t.dlate, row, rows);
  addTransposed(sums.key, t.normed, dkeys, rows, D, D);
  times(t.dnormed, dkeys, m.key, rows, D, D, accumulate, t.scratch);
  const dvalues = ownRows(a, t.dvalues, t.dlate, row, rows);
  addTransposed(sums.value, t.normed, dvalues, rows, D, D);
  times(t.dnormed, dvalues, m.value, rows, D, D, true, t.scratch);
}

/** The tokens' own among all keys, one after another: as they lie, or copied from between the context's. */
function ownRows(a: BlockArguments, keys: usize, room: usize, row: i32, rows: i32): usize {
  const step = <usize>a.D << 2;
  if (!a.S) return keys + row * step;
  for (let i = 0; i < rows; i++) copy(room + i * step, keys + ownKey(a, row + i) * step, a.D);
  return room;
}

/** From dx to dz. */
function beginGrad(a: BlockArguments, m: BlockParameters, sums: BlockParameters, g: Group, t: Tools): void {
  const D = a.D;
  const step = <usize>D << 2;
  const from = g.first * a.R * step;
  for (let row = 0; row < g.tokens; row += CHUNK) {
    const rows = min(CHUNK, g.tokens - row);
    const at = row * step;
    const r0 = g.r0 + (<usize>row << 2);
    const z = a.z + from + at;
    const dz = a.dx + from + at;
    if (!a.keep) {
      rmsNormGradRows(dz, sums.gain, t.dx + at, z, r0, a.gain, rows, D, false);
      continue;
    }
    rmsNormGradRows(t.dnormed, sums.gain, t.dx + at, g.mixed + at, r0, a.gain, rows, D, false);
    addTransposed(sums.keep, z, t.dnormed, rows, D, D);
    times(dz, t.dnormed, m.keep, rows, D, D, false, t.scratch);
    add(a.dinject + from + at, t.dnormed, rows * D);
  }
}

/** `y[M, N] += a[rows, M]ᵀ·b[rows, N]`. */
@inline
function addTransposed(y: usize, a: usize, b: usize, rows: i32, M: i32, N: i32): void {
  const step = <usize>N << 2;
  product(y, step, a, 4, <usize>M << 2, b, step, M, rows, N, y, 0, false);
}

/** `y[rows, N] (+)= x[rows, K]·panels`. */
@inline
function times(
  y: usize, x: usize, panels: usize, rows: i32, K: i32, N: i32, accumulate: bool, scratch: usize,
): void {
  const base = accumulate ? y : 0;
  multiplyPacked(y, <usize>N << 2, x, <usize>K << 2, false, panels, 0, rows, K, N, base, 0, false, scratch);
}
