import { attentionGradOne } from './attention';
import { ownRow } from './block';
import { BlockArguments, BlockParameters, CHUNK, panelBytes, tileElements } from './block-arguments';
import { multiplyPacked, TILE_SCRATCH } from './gemm';
import { LANES, laneSize } from './lanes';
import { packTransposed } from './pack';
import { product } from './product';
import { reluGradient } from './relu-gradient';
import { rmsNormGradRows, rmsNormRows } from './rms-norm';
import { add, clear, copy } from './vector';

/** Transposed weights, packed, and rows in between; all in scratch. */
@unmanaged
class Tools {
  scratch: usize;
  query: usize;
  out: usize;
  inner: usize;
  outer: usize;
  key: usize;
  value: usize;
  /** [CHUNK, D] */
  normed: usize;
  dnormed: usize;
  dlate: usize;
  /** [CHUNK, F] */
  dhidden: usize;
  rest: usize;
}

/**
 * BLOCK_GRAD: the gradients of BLOCK; those of the context are added to what is there. Those of the parameters and the bias are summed in lanes of the
 * tiles. What the norms gave is made again rather than kept.
 */
export function blockGrad(args: usize, scratch: usize, part: i32, parts: i32): void {
  const a = changetype<BlockArguments>(args);
  const tools = changetype<Tools>(scratch);
  const gradients = changetype<BlockParameters>(scratch + 64);
  prepare(a, tools, scratch + 128);
  const T = a.own ? a.S + a.R : a.S;
  const scores = a.H * a.R * T;
  const tile = tileElements(a);
  const tiles = (a.B + tile - 1) / tile;
  const size = laneSize(tiles, 1);
  for (let lane = part; lane < LANES; lane += parts) {
    const sums = a.lanes + (<usize>(lane * a.parameters) << 2);
    clear(sums, a.parameters);
    place(a, gradients, sums);
    const dbias = a.dbias ? a.dbias + (<usize>(lane * scores) << 2) : 0;
    if (dbias) clear(dbias, scores);
    for (let t = lane * size; t < min(tiles, (lane + 1) * size); t++) {
      const first = t * tile;
      const last = min(a.B, first + tile);
      concludeGrad(a, tools, gradients, first * a.R, last * a.R);
      readGrad(a, tools, dbias, first, last);
      askGrad(a, tools, gradients, first, last);
    }
  }
}

function prepare(a: BlockArguments, tools: Tools, scratch: usize): void {
  const D = a.D;
  const F = a.F;
  const step = <usize>D << 2;
  const square = panelBytes(D, D);
  tools.scratch = scratch;
  tools.query = scratch + TILE_SCRATCH;
  tools.out = tools.query + square;
  tools.inner = tools.out + square;
  tools.outer = tools.inner + panelBytes(F, D);
  tools.key = tools.outer + panelBytes(D, F);
  tools.value = tools.key + (a.own ? square : 0);
  tools.normed = tools.value + (a.own ? square : 0);
  tools.dnormed = tools.normed + CHUNK * step;
  tools.dlate = tools.dnormed + CHUNK * step;
  tools.dhidden = tools.dlate + CHUNK * step;
  tools.rest = tools.dhidden + (<usize>(CHUNK * F) << 2);
  packTransposed(tools.query, a.query, step, D, D);
  packTransposed(tools.out, a.out, step, D, D);
  packTransposed(tools.inner, a.inner, <usize>F << 2, F, D);
  packTransposed(tools.outer, a.outer, step, D, F);
  if (a.own) {
    packTransposed(tools.key, a.key, step, D, D);
    packTransposed(tools.value, a.value, step, D, D);
  }
}

function place(a: BlockArguments, g: BlockParameters, from: usize): void {
  const row = <usize>a.D << 2;
  const square = row * a.D;
  g.attentionBefore = from;
  g.query = g.attentionBefore + row;
  g.out = g.query + square;
  g.attentionAfter = g.out + square;
  g.forwardBefore = g.attentionAfter + row;
  g.inner = g.forwardBefore + row;
  g.innerBias = g.inner + row * a.F;
  g.outer = g.innerBias + (<usize>a.F << 2);
  g.forwardAfter = g.outer + row * a.F;
  g.key = g.forwardAfter + row;
  g.value = g.key + square;
}

/** From dy to dread, and dx as far as it does not come by the attention. */
function concludeGrad(a: BlockArguments, tools: Tools, g: BlockParameters, begin: i32, end: i32): void {
  const D = a.D;
  const F = a.F;
  const step = <usize>D << 2;
  const dnormed = tools.dnormed;
  const dlate = tools.dlate;
  const dhidden = tools.dhidden;
  const normed = tools.normed;
  for (let row = begin; row < end; row += CHUNK) {
    const rows = min(CHUNK, end - row);
    const at = row * step;
    const scale = <usize>row << 2;
    const hidden = a.hidden + scale * F;
    rmsNormGradRows(
      dlate, g.forwardAfter, a.dy + at, a.forwarded + at, a.r4 + scale, a.forwardAfter, rows, D, false,
    );
    addTransposed(g.outer, hidden, dlate, rows, F, D);
    times(dhidden, dlate, tools.outer, rows, D, F, false, tools.scratch);
    reluGradient(dhidden, dhidden, hidden, rows * F);
    for (let i = 0; i < rows; i++) add(g.innerBias, dhidden + i * ((<usize>F) << 2), F);
    rmsNormRows(normed, a.r3 + scale, a.middle + at, a.forwardBefore, rows, D, a.eps, 0);
    addTransposed(g.inner, normed, dhidden, rows, D, F);
    times(dnormed, dhidden, tools.inner, rows, F, D, false, tools.scratch);
    copy(a.dx + at, a.dy + at, rows * D);
    rmsNormGradRows(
      a.dx + at, g.forwardBefore, dnormed, a.middle + at, a.r3 + scale, a.forwardBefore, rows, D, true,
    );
    rmsNormGradRows(
      dlate, g.attentionAfter, a.dx + at, a.projected + at, a.r2 + scale, a.attentionAfter, rows, D, false,
    );
    addTransposed(g.out, a.read + at, dlate, rows, D, D);
    times(a.dread + at, dlate, tools.out, rows, D, D, false, tools.scratch);
  }
}

function readGrad(a: BlockArguments, tools: Tools, dbias: usize, first: i32, last: i32): void {
  const T = a.own ? a.S + a.R : a.S;
  const queries = <usize>(a.R * a.D) << 2;
  const keys = <usize>(T * a.D) << 2;
  const scores = <usize>(a.H * a.R * T) << 2;
  const context = <usize>(a.S * a.D) << 2;
  for (let b = first; b < last; b++) {
    const dk = (a.own ? a.dkeys : a.dk) + b * keys;
    const dv = (a.own ? a.dvalues : a.dv) + b * keys;
    attentionGradOne(
      a.dq + b * queries, dk, dv, dbias, a.dread + b * queries, a.probs + b * scores,
      a.q + b * queries, (a.own ? a.keys : a.k) + b * keys, (a.own ? a.values : a.v) + b * keys,
      a.R, T, a.H, a.D, !a.own, tools.rest,
    );
    if (a.own && a.S) {
      add(a.dk + b * context, dk, a.S * a.D);
      add(a.dv + b * context, dv, a.S * a.D);
    }
  }
}

/** What comes to x by queries, and by keys and values of the tokens’ own. */
function askGrad(a: BlockArguments, tools: Tools, g: BlockParameters, first: i32, last: i32): void {
  const D = a.D;
  const step = <usize>D << 2;
  const end = last * a.R;
  const normed = tools.normed;
  const dnormed = tools.dnormed;
  const scratch = tools.scratch;
  for (let row = first * a.R; row < end; row += CHUNK) {
    const rows = min(CHUNK, end - row);
    const at = row * step;
    const scale = <usize>row << 2;
    rmsNormRows(normed, a.r1 + scale, a.x + at, a.attentionBefore, rows, D, a.eps, 0);
    addTransposed(g.query, normed, a.dq + at, rows, D, D);
    times(dnormed, a.dq + at, tools.query, rows, D, D, false, scratch);
    if (a.own) {
      const place = ownRow(a, first, row) * step;
      addTransposed(g.key, normed, a.dkeys + place, rows, D, D);
      times(dnormed, a.dkeys + place, tools.key, rows, D, D, true, scratch);
      addTransposed(g.value, normed, a.dvalues + place, rows, D, D);
      times(dnormed, a.dvalues + place, tools.value, rows, D, D, true, scratch);
    }
    rmsNormGradRows(
      a.dx + at, g.attentionBefore, dnormed, a.x + at, a.r1 + scale, a.attentionBefore, rows, D, true,
    );
  }
}

/** `y[M, N] += a[rows, M]ᵀ·b[rows, N]`. */
@inline
function addTransposed(y: usize, a: usize, b: usize, rows: i32, M: i32, N: i32): void {
  const step = <usize>N << 2;
  product(y, step, a, 4, <usize>M << 2, b, step, M, rows, N, 0, true, false);
}

/** `y[rows, N] (+)= x[rows, K]·panels`. */
@inline
function times(
  y: usize, x: usize, panels: usize, rows: i32, K: i32, N: i32, accumulate: bool, scratch: usize,
): void {
  multiplyPacked(
    y, <usize>N << 2, x, <usize>K << 2, false, panels, 0, rows, K, N, 0, accumulate, false, scratch,
  );
}
