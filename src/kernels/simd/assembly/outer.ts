import { floats, loadPart, storePart } from './vector';

/** `y[s] += a[s]·x[width]` for each of `rows` rows s, which lie `step` bytes apart: the outer product of two vectors. */
export function addOuter(y: usize, step: usize, a: usize, x: usize, rows: i32, width: i32): void {
  let n: i32 = 0;
  for (; n + 16 <= width; n += 16) columns16(y + floats(n), step, a, x + floats(n), rows);
  if (n + 8 <= width) {
    columns8(y + floats(n), step, a, x + floats(n), rows);
    n += 8;
  }
  if (n + 4 <= width) {
    columns4(y + floats(n), step, a, x + floats(n), rows);
    n += 4;
  }
  if (n < width) columns(y + floats(n), step, a, x + floats(n), rows, width - n);
}

@inline
function columns16(y: usize, step: usize, a: usize, x: usize, rows: i32): void {
  const x0 = v128.load(x), x1 = v128.load(x, 16), x2 = v128.load(x, 32), x3 = v128.load(x, 48);
  const end = a + floats(rows);
  for (; a < end; a += 4) {
    const f = v128.load32_splat(a);
    v128.store(y, f32x4.add(f32x4.mul(f, x0), v128.load(y)));
    v128.store(y, f32x4.add(f32x4.mul(f, x1), v128.load(y, 16)), 16);
    v128.store(y, f32x4.add(f32x4.mul(f, x2), v128.load(y, 32)), 32);
    v128.store(y, f32x4.add(f32x4.mul(f, x3), v128.load(y, 48)), 48);
    y += step;
  }
}

@inline
function columns8(y: usize, step: usize, a: usize, x: usize, rows: i32): void {
  const x0 = v128.load(x), x1 = v128.load(x, 16);
  const end = a + floats(rows);
  for (; a < end; a += 4) {
    const f = v128.load32_splat(a);
    v128.store(y, f32x4.add(f32x4.mul(f, x0), v128.load(y)));
    v128.store(y, f32x4.add(f32x4.mul(f, x1), v128.load(y, 16)), 16);
    y += step;
  }
}

@inline
function columns4(y: usize, step: usize, a: usize, x: usize, rows: i32): void {
  const x0 = v128.load(x);
  const end = a + floats(rows);
  for (; a < end; a += 4) {
    v128.store(y, f32x4.add(f32x4.mul(v128.load32_splat(a), x0), v128.load(y)));
    y += step;
  }
}

/** The last n (1, 2 or 3) columns. */
@inline
function columns(y: usize, step: usize, a: usize, x: usize, rows: i32, n: i32): void {
  const x0 = loadPart(x, n);
  const end = a + floats(rows);
  for (; a < end; a += 4) {
    storePart(y, f32x4.add(f32x4.mul(v128.load32_splat(a), x0), loadPart(y, n)), n);
    y += step;
  }
}
