import { COLUMNS, PackArguments } from './generated/arguments';
import { PANEL_STEP, ROWS } from './tile';
import { floats, loadPart } from './vector';

/** Packs b [K, N], or its transpose b [N, K], for `multiplyPacked`. */
export function pack(a: PackArguments, first: i32, end: i32): void {
  const column = first * COLUMNS;
  const columns = min(a.N, end * COLUMNS) - column;
  const to = a.to + <usize>(first * a.K) * PANEL_STEP;
  const from = a.from + floats(a.transposed ? column * a.K : column);
  if (a.transposed) packTransposed(to, from, floats(a.K), a.K, columns);
  else packPanels(to, from, floats(a.N), a.K, columns);
}

/**
 * Packs b[K, N], whose rows lie `bStep` bytes apart, into panels of eight columns. Panel j has b[0..K-1, 8j..8j+7] row after
 * row, with zeros beyond column N-1. The panels take K·⌈N/8⌉·32 bytes.
 */
export function packPanels(to: usize, b: usize, bStep: usize, K: i32, N: i32): void {
  for (let j: i32 = 0; j < N; j += COLUMNS) {
    const n = N - j;
    let row = b + floats(j);
    for (let k = 0; k < K; k++) {
      v128.store(to, first(row, n));
      v128.store(to, first(row + 16, n - 4), 16);
      row += bStep;
      to += PANEL_STEP;
    }
  }
}

/** `packPanels` of a transposed b[N, K], whose rows lie `bStep` bytes apart. */
export function packTransposed(to: usize, b: usize, bStep: usize, K: i32, N: i32): void {
  for (let j: i32 = 0; j < N; j += COLUMNS) {
    for (let half: i32 = 0; half < COLUMNS; half += 4) {
      packFour(to + (half << 2), b + (j + half) * bStep, bStep, K, N - j - half);
    }
    to += K * PANEL_STEP;
  }
}

/** Four columns of a panel from up to n rows of a transposed b. */
function packFour(to: usize, b: usize, bStep: usize, K: i32, n: i32): void {
  let k = 0;
  if (n >= 4) {
    for (; k + 4 <= K; k += 4) {
      const r0 = v128.load(b);
      const r1 = v128.load(b + bStep);
      const r2 = v128.load(b + 2 * bStep);
      const r3 = v128.load(b + 3 * bStep);
      const low01 = v128.shuffle<f32>(r0, r1, 0, 4, 1, 5);
      const low23 = v128.shuffle<f32>(r2, r3, 0, 4, 1, 5);
      const high01 = v128.shuffle<f32>(r0, r1, 2, 6, 3, 7);
      const high23 = v128.shuffle<f32>(r2, r3, 2, 6, 3, 7);
      v128.store(to, v128.shuffle<f32>(low01, low23, 0, 1, 4, 5));
      v128.store(to, v128.shuffle<f32>(low01, low23, 2, 3, 6, 7), 32);
      v128.store(to, v128.shuffle<f32>(high01, high23, 0, 1, 4, 5), 64);
      v128.store(to, v128.shuffle<f32>(high01, high23, 2, 3, 6, 7), 96);
      b += 16;
      to += 4 * PANEL_STEP;
    }
  }
  for (; k < K; k++) {
    for (let column: i32 = 0; column < 4; column++) {
      store<f32>(to + (column << 2), column < n ? load<f32>(b + column * bStep) : 0);
    }
    b += 4;
    to += PANEL_STEP;
  }
}

/**
 * Copies the first ROWS columns of a[K, ≥n] to `to`, row after row. Columns from n on become zeros.
 * @param aStep bytes from one row of a to the next
 */
export function packColumns(to: usize, a: usize, aStep: usize, K: i32, n: i32): void {
  for (let k = 0; k < K; k++) {
    for (let column: i32 = 0; column < ROWS; column += 4) {
      v128.store(to + (column << 2), first(a + (column << 2), n - column));
    }
    a += aStep;
    to += ROWS << 2;
  }
}

/** The first n of four numbers, and zeros; all four if n >= 4. */
@inline
function first(from: usize, n: i32): v128 {
  if (n >= 4) return v128.load(from);
  return n > 0 ? loadPart(from, n) : f32x4.splat(0);
}
