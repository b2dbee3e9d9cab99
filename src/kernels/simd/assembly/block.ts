import { share } from './arguments';
import { attentionOne } from './attention';
import { BlockArguments, CHUNK, panelBytes, tileElements } from './block-arguments';
import { multiplyPacked, TILE_SCRATCH } from './gemm';
import { packPanels } from './pack';
import { rmsNormRows } from './rms-norm';
import { copy } from './vector';

/**
 * BLOCK: a transformer block, tile by tile of the batch, so that its products meet their operands in cache
 * (`transformerBlock` in src/kernels/block.ts defines it):
 *
 *     middle = x + norm(Attention(norm(x) Wq, keys, values) Wo)
 *     y = middle + norm(relu(norm(middle) W₁ + b) W₂)
 */
export function block(args: usize, scratch: usize, part: i32, parts: i32): void {
  const a = changetype<BlockArguments>(args);
  const D = a.D;
  const F = a.F;
  const step = <usize>D << 2;
  const query = scratch + TILE_SCRATCH;
  const out = query + panelBytes(D, D);
  const inner = out + panelBytes(D, D);
  const outer = inner + panelBytes(D, F);
  const key = outer + panelBytes(F, D);
  const value = key + panelBytes(D, D);
  const normed = a.own ? value + panelBytes(D, D) : key;
  packPanels(query, a.query, step, D, D);
  packPanels(out, a.out, step, D, D);
  packPanels(inner, a.inner, <usize>F << 2, D, F);
  packPanels(outer, a.outer, step, F, D);
  if (a.own) {
    packPanels(key, a.key, step, D, D);
    packPanels(value, a.value, step, D, D);
  }

  const tile = tileElements(a);
  const tiles = (a.B + tile - 1) / tile;
  for (let t = share(tiles, part, parts); t < share(tiles, part + 1, parts); t++) {
    const first = t * tile;
    const last = min(a.B, first + tile);
    ask(a, first, last, query, key, value, normed, scratch);
    read(a, first, last);
    conclude(a, first * a.R, last * a.R, out, inner, outer, normed, scratch);
  }
}

/** Queries, and keys and values of the tokens’ own, of the elements first..last-1. */
function ask(
  a: BlockArguments, first: i32, last: i32, query: usize, key: usize, value: usize, normed: usize,
  scratch: usize,
): void {
  const D = a.D;
  const step = <usize>D << 2;
  const end = last * a.R;
  if (a.own && a.S) {
    copy(a.keys + first * (a.S + a.R) * step, a.k + first * a.S * step, a.S * D);
    copy(a.values + first * (a.S + a.R) * step, a.v + first * a.S * step, a.S * D);
  }
  for (let row = first * a.R; row < end; row += CHUNK) {
    const rows = min(CHUNK, end - row);
    const at = row * step;
    rmsNormRows(normed, a.r1 + (row << 2), a.x + at, a.attentionBefore, rows, D, a.eps, 0);
    times(a.q + at, normed, query, rows, D, D, 0, false, scratch);
    if (a.own) {
      const place = ownRow(a, first, row) * step;
      times(a.keys + place, normed, key, rows, D, D, 0, false, scratch);
      times(a.values + place, normed, value, rows, D, D, 0, false, scratch);
    }
  }
}

/** Where a row's own key is among all keys. */
@inline
export function ownRow(a: BlockArguments, first: i32, row: i32): i32 {
  return row + (first + 1) * a.S;
}

function read(a: BlockArguments, first: i32, last: i32): void {
  const T = a.own ? a.S + a.R : a.S;
  const queries = <usize>(a.R * a.D) << 2;
  const keys = <usize>(T * a.D) << 2;
  const scores = <usize>(a.H * a.R * T) << 2;
  for (let b = first; b < last; b++) {
    attentionOne(
      a.read + b * queries, a.probs + b * scores, a.q + b * queries,
      (a.own ? a.keys : a.k) + b * keys, (a.own ? a.values : a.v) + b * keys, a.bias,
      a.R, T, a.H, a.D,
    );
  }
}

/** From what was read to y. */
function conclude(
  a: BlockArguments, begin: i32, end: i32, out: usize, inner: usize, outer: usize, normed: usize,
  scratch: usize,
): void {
  const D = a.D;
  const F = a.F;
  const step = <usize>D << 2;
  for (let row = begin; row < end; row += CHUNK) {
    const rows = min(CHUNK, end - row);
    const at = row * step;
    const scale = <usize>row << 2;
    const hidden = a.hidden + scale * F;
    times(a.projected + at, a.read + at, out, rows, D, D, 0, false, scratch);
    rmsNormRows(a.middle + at, a.r2 + scale, a.projected + at, a.attentionAfter, rows, D, a.eps, a.x + at);
    rmsNormRows(normed, a.r3 + scale, a.middle + at, a.forwardBefore, rows, D, a.eps, 0);
    times(hidden, normed, inner, rows, D, F, a.innerBias, true, scratch);
    times(a.forwarded + at, hidden, outer, rows, F, D, 0, false, scratch);
    rmsNormRows(a.y + at, a.r4 + scale, a.forwarded + at, a.forwardAfter, rows, D, a.eps, a.middle + at);
  }
}

/** `y[rows, N] = x[rows, K]·panels + bias`. */
@inline
function times(
  y: usize, x: usize, panels: usize, rows: i32, K: i32, N: i32, bias: usize, rectify: bool,
  scratch: usize,
): void {
  multiplyPacked(
    y, <usize>N << 2, x, <usize>K << 2, false, panels, 0, rows, K, N, bias, false, rectify, scratch,
  );
}
