import { COLUMNS, MAX_FORWARD } from './generated/arguments';
import { packColumns, packPanels, packTransposed } from './pack';
import { PANEL_STEP, ROWS, TILE_BYTES, tileColumns, tileRows } from './tile';
import { copy, floats, relu } from './vector';

/** Sums over k are made in blocks of this many terms, so that a panel and a tile's rows stay in cache. */
export const BLOCK_K: i32 = 256;
/** How many columns of b are packed at a time: BLOCK_K·BLOCK_N floats and TILE_SCRATCH fit in SCRATCH. */
const BLOCK_N: i32 = 960;

/** Bytes of scratch that `multiplyPacked` needs: one tile at the border, and the rows or columns of a for it. */
export const TILE_SCRATCH: usize = TILE_BYTES + <usize>(4 * ROWS * MAX_FORWARD);

/**
 * Rows `from`..`to - 1` of `y[·, N] = base + op(a)·op(b) + bias[N]`, relu last (base, bias 0: none). Steps are in bytes,
 * from row to row in memory. `scratch` has SCRATCH bytes.
 */
export function multiply(
  y: usize, yStep: usize, a: usize, aStep: usize, transA: bool, b: usize, bStep: usize, transB: bool,
  from: i32, to: i32, K: i32, N: i32, base: usize, bias: usize, rectify: bool, scratch: usize,
): void {
  const panels = scratch + TILE_SCRATCH;
  for (let n: i32 = 0; n < N; n += BLOCK_N) {
    const columns = min(BLOCK_N, N - n);
    const nOffset = floats(n);
    for (let k: i32 = 0; k == 0 || k < K; k += BLOCK_K) {
      const depth = min(BLOCK_K, K - k);
      const kOffset = floats(k);
      if (transB) packTransposed(panels, b + n * bStep + kOffset, bStep, depth, columns);
      else packPanels(panels, b + k * bStep + nOffset, bStep, depth, columns);
      const before = k > 0 ? y : base;
      multiplyPacked(
        y + nOffset, yStep, a + (transA ? k * aStep : kOffset), aStep, transA, panels, from, to,
        depth, columns, before ? before + nOffset : 0, k == 0 && bias ? bias + nOffset : 0,
        k + depth == K && rectify, scratch,
      );
    }
  }
}

/** `multiply` for a packed b (see pack.ts), with K <= MAX_FORWARD. `scratch` has TILE_SCRATCH bytes. */
export function multiplyPacked(
  y: usize, yStep: usize, a: usize, aStep: usize, transA: bool, panels: usize, from: i32, to: i32,
  K: i32, N: i32, base: usize, bias: usize, rectify: bool, scratch: usize,
): void {
  const packedA = scratch + TILE_BYTES;
  for (let i = from; i < to; i += ROWS) {
    const rows = min(ROWS, to - i);
    const offset = i * yStep;
    let row = a + i * aStep;
    let rowStep = aStep;
    if (transA) {
      packColumns(packedA, a + floats(i), aStep, K, rows);
    } else if (rows < ROWS) {
      // A tile reads ROWS rows, and a has fewer: copy them. Sums of the other rows are not stored.
      rowStep = floats(K);
      for (let r = 0; r < rows; r++) copy(packedA + r * rowStep, row + r * aStep, K);
      row = packedA;
    }
    let j: i32 = 0;
    if (rows == ROWS) {
      j = N & -COLUMNS;
      const whole = base ? base + offset : 0;
      if (transA) wholeColumns(y + offset, yStep, packedA, panels, K, j, whole, bias, rectify);
      else wholeRows(y + offset, yStep, row, rowStep, panels, K, j, whole, bias, rectify);
    }
    for (; j < N; j += COLUMNS) {
      const columns = min(COLUMNS, N - j);
      const at = floats(j);
      const panel = panels + <usize>(j * K) * 4;
      if (transA) wholeColumns(scratch, PANEL_STEP, packedA, panel, K, COLUMNS, 0, 0, false);
      else wholeRows(scratch, PANEL_STEP, row, rowStep, panel, K, COLUMNS, 0, 0, false);
      const tileBase = base ? base + offset + at : 0;
      finishBorder(y + offset + at, yStep, scratch, rows, columns, tileBase, bias ? bias + at : 0, rectify);
    }
  }
}

/** ROWS rows of y, tile by tile. N is a multiple of COLUMNS. */
function wholeRows(
  y: usize, yStep: usize, a: usize, aRow: usize, panel: usize, K: i32, N: i32, base: usize, bias: usize,
  rectify: bool,
): void {
  const end = y + floats(N);
  for (; y < end; y += PANEL_STEP) {
    tileRows(y, yStep, a, aRow, panel, PANEL_STEP, K, base, bias, rectify);
    if (base) base += PANEL_STEP;
    if (bias) bias += PANEL_STEP;
    panel += K * PANEL_STEP;
  }
}

/** `wholeRows` for packed columns of a transposed a. */
function wholeColumns(
  y: usize, yStep: usize, packedA: usize, panel: usize, K: i32, N: i32, base: usize, bias: usize,
  rectify: bool,
): void {
  const end = y + floats(N);
  for (; y < end; y += PANEL_STEP) {
    tileColumns(y, yStep, packedA, ROWS << 2, panel, PANEL_STEP, K, base, bias, rectify);
    if (base) base += PANEL_STEP;
    if (bias) bias += PANEL_STEP;
    panel += K * PANEL_STEP;
  }
}

/** Adds base and bias, applies relu and stores: for the part of a tile that is inside y. */
function finishBorder(
  y: usize, yStep: usize, tile: usize, rows: i32, columns: i32, base: usize, bias: usize, rectify: bool,
): void {
  for (let i = 0; i < rows; i++) {
    let j: i32 = 0;
    for (; j + 4 <= columns; j += 4) {
      const at = floats(j);
      let sum = v128.load(tile + at);
      if (bias) sum = f32x4.add(sum, v128.load(bias + at));
      if (base) sum = f32x4.add(sum, v128.load(base + at));
      v128.store(y + at, rectify ? relu(sum) : sum);
    }
    for (; j < columns; j++) {
      const at = floats(j);
      let sum = load<f32>(tile + at);
      if (bias) sum += load<f32>(bias + at);
      if (base) sum += load<f32>(base + at);
      store<f32>(y + at, rectify && sum < 0 ? 0 : sum);
    }
    y += yStep;
    if (base) base += yStep;
    tile += PANEL_STEP;
  }
}
