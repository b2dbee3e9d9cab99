import { packColumns, packPanels, packTransposed } from './pack';
import { COLUMNS, PANEL_STEP, ROWS, tileColumns, tileRows } from './tile';

/** Sums over k are cut into blocks of so many, so that a panel and a tile's rows stay in cache. */
export const BLOCK_K: i32 = 256;
/** Columns of b that are packed at a time: with BLOCK_K, what fits in 1 MiB of scratch. */
const BLOCK_N: i32 = 960;

/** Bytes of scratch that `multiplyPacked` needs: a tile at the border, and packed columns of a. */
export const TILE_SCRATCH: usize = 128 + 16 * BLOCK_K;

/**
 * Rows `from`..`to - 1` of `y[·, N] (+)= op(a)·op(b) + bias[N]`, relu last. Steps are in bytes, from row to
 * row as they lie in memory. `scratch` is 1 MiB.
 */
export function multiply(
  y: usize,
  yStep: usize,
  a: usize,
  aStep: usize,
  transA: bool,
  b: usize,
  bStep: usize,
  transB: bool,
  from: i32,
  to: i32,
  K: i32,
  N: i32,
  bias: usize,
  accumulate: bool,
  rectify: bool,
  scratch: usize,
): void {
  const panels = scratch + TILE_SCRATCH;
  for (let n: i32 = 0; n < N; n += BLOCK_N) {
    const columns = min(BLOCK_N, N - n);
    const nOffset = (<usize>n) << 2;
    for (let k: i32 = 0; k == 0 || k < K; k += BLOCK_K) {
      const depth = min(BLOCK_K, K - k);
      const kOffset = (<usize>k) << 2;
      if (transB) packTransposed(panels, b + n * bStep + kOffset, bStep, depth, columns);
      else packPanels(panels, b + k * bStep + nOffset, bStep, depth, columns);
      multiplyPacked(
        y + nOffset,
        yStep,
        a + (transA ? k * aStep : kOffset),
        aStep,
        transA,
        panels,
        from,
        to,
        depth,
        columns,
        k == 0 && bias ? bias + nOffset : 0,
        k > 0 || accumulate,
        k + depth == K && rectify,
        scratch,
      );
    }
  }
}

/**
 * `multiply` for a b packed by pack.ts and K <= BLOCK_K. `scratch` has TILE_SCRATCH bytes.
 */
export function multiplyPacked(
  y: usize,
  yStep: usize,
  a: usize,
  aStep: usize,
  transA: bool,
  panels: usize,
  from: i32,
  to: i32,
  K: i32,
  N: i32,
  bias: usize,
  accumulate: bool,
  rectify: bool,
  scratch: usize,
): void {
  const packedA = scratch + 128;
  for (let i = from; i < to; i += ROWS) {
    const rows = min(ROWS, to - i);
    let a0: usize = 0,
      a1: usize = 0,
      a2: usize = 0,
      a3: usize = 0;
    if (transA) {
      packColumns(packedA, a + ((<usize>i) << 2), aStep, K, rows);
    } else {
      // Rows beyond the last repeat the first: their sums are not stored.
      a0 = a + i * aStep;
      a1 = rows > 1 ? a0 + aStep : a0;
      a2 = rows > 2 ? a1 + aStep : a0;
      a3 = rows > 3 ? a2 + aStep : a0;
    }
    const row = y + i * yStep;
    let panel = panels;
    for (let j: i32 = 0; j < N; j += COLUMNS) {
      const columns = min(COLUMNS, N - j);
      const target = row + ((<usize>j) << 2);
      const targetBias = bias ? bias + ((<usize>j) << 2) : 0;
      if (rows == ROWS && columns == COLUMNS) {
        if (transA)
          packedColumns(target, yStep, packedA, panel, K, targetBias, accumulate, rectify);
        else packedRows(target, yStep, a0, a1, a2, a3, panel, K, targetBias, accumulate, rectify);
      } else {
        if (transA) packedColumns(scratch, PANEL_STEP, packedA, panel, K, 0, false, false);
        else packedRows(scratch, PANEL_STEP, a0, a1, a2, a3, panel, K, 0, false, false);
        finishBorder(target, yStep, scratch, rows, columns, targetBias, accumulate, rectify);
      }
      panel += K * PANEL_STEP;
    }
  }
}

function packedRows(
  y: usize,
  yStep: usize,
  a0: usize,
  a1: usize,
  a2: usize,
  a3: usize,
  panel: usize,
  K: i32,
  bias: usize,
  accumulate: bool,
  rectify: bool,
): void {
  tileRows(y, yStep, a0, a1, a2, a3, panel, PANEL_STEP, K, bias, accumulate, rectify);
}

function packedColumns(
  y: usize,
  yStep: usize,
  packedA: usize,
  panel: usize,
  K: i32,
  bias: usize,
  accumulate: bool,
  rectify: bool,
): void {
  tileColumns(y, yStep, packedA, 16, panel, PANEL_STEP, K, bias, accumulate, rectify);
}

/** What `tile.ts` does last, for the part of a tile that is inside y. */
function finishBorder(
  y: usize,
  yStep: usize,
  tile: usize,
  rows: i32,
  columns: i32,
  bias: usize,
  accumulate: bool,
  rectify: bool,
): void {
  for (let i = 0; i < rows; i++) {
    for (let j: usize = 0; j < (<usize>columns) << 2; j += 4) {
      let sum = load<f32>(tile + j);
      if (bias) sum += load<f32>(bias + j);
      if (accumulate) sum += load<f32>(y + j);
      store<f32>(y + j, rectify && sum < 0 ? 0 : sum);
    }
    y += yStep;
    tile += PANEL_STEP;
  }
}
