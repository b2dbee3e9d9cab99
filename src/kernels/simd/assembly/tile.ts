import { COLUMNS } from './generated/arguments';
import * as narrow from './tile-narrow';
import * as wide from './tile-wide';

/**
 * Rows of the register tile that matrix products are made of: as many as fit into the registers. If the engine joins pairs
 * of 128-bit vectors into one of 256 (`--use WIDE=1`, see module.ts), these are twice as many.
 *
 * Each number is one sum over k in ascending order, as in all our products. So every tile computes the same bits for a row.
 */
export const ROWS: i32 = WIDE ? wide.ROWS : narrow.ROWS;
/** Bytes from row to row of a packed panel of b, and of a tile in scratch. */
export const PANEL_STEP: usize = 4 * COLUMNS;
/** Bytes of a tile in scratch. */
export const TILE_BYTES: usize = ROWS * PANEL_STEP;

/**
 * `y[ROWS, 8] = base + a[ROWS, K]·b[K, 8] + bias[8]`, relu last (base, bias 0: none). Steps are in bytes:
 * `yStep` from row to row of y and base, `aRow` of a, `bStep` of b.
 */
@inline
export function tileRows(
  y: usize, yStep: usize, a: usize, aRow: usize, b: usize, bStep: usize, K: i32,
  base: usize, bias: usize, rectify: bool,
): void {
  if (WIDE) wide.tileRows(y, yStep, a, aRow, b, bStep, K, base, bias, rectify);
  else narrow.tileRows(y, yStep, a, aRow, b, bStep, K, base, bias, rectify);
}

/** `tileRows` of a transposed a: ROWS adjacent numbers in each of its K rows, which lie `aStep` bytes apart. */
@inline
export function tileColumns(
  y: usize, yStep: usize, a: usize, aStep: usize, b: usize, bStep: usize, K: i32,
  base: usize, bias: usize, rectify: bool,
): void {
  if (WIDE) wide.tileColumns(y, yStep, a, aStep, b, bStep, K, base, bias, rectify);
  else narrow.tileColumns(y, yStep, a, aStep, b, bStep, K, base, bias, rectify);
}
