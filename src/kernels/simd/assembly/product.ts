import { COLUMNS } from './generated/arguments';
import { rowProduct } from './row-product';
import { ROWS, tileColumns, tileRows } from './tile';
import { floats } from './vector';

/**
 * A matrix product without packing, for so few rows that packing b would cost more than it saves (see gemm.ts):
 * `y[M, N] = base + a[M, K]·b[K, N] + bias[N]`, relu last (base, bias 0: none). `yStep`, `aRow` and `bStep` are the bytes from
 * row to row; base has the step of y. `aStep` is the bytes from number to number in a row of a: 4, or more if a is
 * transposed; then `aRow` is 4.
 */
export function product(
  y: usize, yStep: usize, a: usize, aRow: usize, aStep: usize, b: usize, bStep: usize,
  M: i32, K: i32, N: i32, base: usize, bias: usize, rectify: bool,
): void {
  const wholeColumns = N & -COLUMNS;
  const rest = N - wholeColumns;
  let i: i32 = 0;
  for (; i + ROWS <= M; i += ROWS) {
    for (let j: i32 = 0; j < wholeColumns; j += COLUMNS) {
      const offset = floats(j);
      const tileBase = base ? base + offset : 0;
      const tileBias = bias ? bias + offset : 0;
      if (aStep == 4) rowsOf(y + offset, yStep, a, aRow, b + offset, bStep, K, tileBase, tileBias, rectify);
      else columnsOf(y + offset, yStep, a, aStep, b + offset, bStep, K, tileBase, tileBias, rectify);
    }
    if (rest) {
      const offset = floats(wholeColumns);
      for (let row = 0; row < ROWS; row++) {
        const at = row * yStep + offset;
        rowProduct(
          y + at, a + row * aRow, aStep, b + offset, bStep, K, rest, base ? base + at : 0,
          bias ? bias + offset : 0, rectify,
        );
      }
    }
    y += ROWS * yStep;
    a += ROWS * aRow;
    if (base) base += ROWS * yStep;
  }
  for (; i < M; i++) {
    rowProduct(y, a, aStep, b, bStep, K, N, base, bias, rectify);
    y += yStep;
    a += aRow;
    if (base) base += yStep;
  }
}

function rowsOf(
  y: usize, yStep: usize, a: usize, aRow: usize, b: usize, bStep: usize, K: i32, base: usize, bias: usize,
  rectify: bool,
): void {
  tileRows(y, yStep, a, aRow, b, bStep, K, base, bias, rectify);
}

function columnsOf(
  y: usize, yStep: usize, a: usize, aStep: usize, b: usize, bStep: usize, K: i32, base: usize, bias: usize,
  rectify: bool,
): void {
  tileColumns(y, yStep, a, aStep, b, bStep, K, base, bias, rectify);
}
