import { rowProduct } from './row-product';
import { COLUMNS, ROWS, tileColumns, tileRows } from './tile';

/**
 * A matrix product straight from where its factors lie, for the few rows that do not repay packing b
 * (see gemm.ts): `y[M, N] (+)= a[M, K]·b[K, N] + bias[N]`, relu last. Steps are in bytes, from row to
 * row; the numbers of a row of y and b are neighbours, and so are those of a (`aStep` 4) or, where a
 * is transposed, those of a column (`aRow` 4).
 */
export function product(
  y: usize,
  yStep: usize,
  a: usize,
  aRow: usize,
  aStep: usize,
  b: usize,
  bStep: usize,
  M: i32,
  K: i32,
  N: i32,
  bias: usize,
  accumulate: bool,
  rectify: bool,
): void {
  const wholeColumns = N & -COLUMNS;
  let i: i32 = 0;
  for (; i + ROWS <= M; i += ROWS) {
    for (let j: i32 = 0; j < wholeColumns; j += COLUMNS) {
      const offset = (<usize>j) << 2;
      if (aStep == 4) {
        rowsOf(
          y + offset,
          yStep,
          a,
          aRow,
          b + offset,
          bStep,
          K,
          bias ? bias + offset : 0,
          accumulate,
          rectify,
        );
      } else {
        columnsOf(
          y + offset,
          yStep,
          a,
          aStep,
          b + offset,
          bStep,
          K,
          bias ? bias + offset : 0,
          accumulate,
          rectify,
        );
      }
    }
    if (wholeColumns < N) {
      const offset = (<usize>wholeColumns) << 2;
      for (let row = 0; row < ROWS; row++) {
        rowProduct(
          y + row * yStep + offset,
          a + row * aRow,
          aStep,
          b + offset,
          bStep,
          K,
          N - wholeColumns,
          bias ? bias + offset : 0,
          accumulate,
          rectify,
        );
      }
    }
    y += ROWS * yStep;
    a += ROWS * aRow;
  }
  for (; i < M; i++) {
    rowProduct(y, a, aStep, b, bStep, K, N, bias, accumulate, rectify);
    y += yStep;
    a += aRow;
  }
}

function rowsOf(
  y: usize,
  yStep: usize,
  a: usize,
  aRow: usize,
  b: usize,
  bStep: usize,
  K: i32,
  bias: usize,
  accumulate: bool,
  rectify: bool,
): void {
  tileRows(
    y,
    yStep,
    a,
    a + aRow,
    a + 2 * aRow,
    a + 3 * aRow,
    b,
    bStep,
    K,
    bias,
    accumulate,
    rectify,
  );
}

function columnsOf(
  y: usize,
  yStep: usize,
  a: usize,
  aStep: usize,
  b: usize,
  bStep: usize,
  K: i32,
  bias: usize,
  accumulate: bool,
  rectify: bool,
): void {
  tileColumns(y, yStep, a, aStep, b, bStep, K, bias, accumulate, rectify);
}
