import { COLUMNS } from './generated/arguments';
import * as narrow from './tile-narrow';
import * as wide from './tile-wide';

/**
 * The register tile that matrix products are made of: as many sums as the registers hold. Where the engine
 * joins pairs of 128-bit vectors into one of 256 (`--use WIDE=1`, module.ts), those are twice as many.
 *
 * Each number is one sum over k in ascending order, as in all our products: a row comes out the same
 * whichever tile computes it.
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

/** `tileRows` of a transposed a: ROWS neighbours in each of its K rows, `aStep` bytes apart. */
@inline
export function tileColumns(
  y: usize, yStep: usize, a: usize, aStep: usize, b: usize, bStep: usize, K: i32,
  base: usize, bias: usize, rectify: bool,
): void {
  if (WIDE) wide.tileColumns(y, yStep, a, aStep, b, bStep, K, base, bias, rectify);
  else narrow.tileColumns(y, yStep, a, aStep, b, bStep, K, base, bias, rectify);
}
