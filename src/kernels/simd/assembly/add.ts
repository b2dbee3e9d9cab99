import { pointer, share, word } from './arguments';
import { loadPart, storePart } from './vector';

/** ADD: y, a, b, rows, n. `y[i] = a[i] + b` for each of the rows [n] of y and a. */
export function addRows(args: usize, part: i32, parts: i32): void {
  const y = pointer(args, 0);
  const a = pointer(args, 1);
  const b = pointer(args, 2);
  const rows = word(args, 3);
  const n = word(args, 4);
  if (rows == 1) {
    const from = share(n, part, parts);
    const at = (<usize>from) << 2;
    sum(y + at, a + at, b + at, share(n, part + 1, parts) - from);
    return;
  }
  const step = (<usize>n) << 2;
  for (let i = share(rows, part, parts); i < share(rows, part + 1, parts); i++) {
    sum(y + i * step, a + i * step, b, n);
  }
}

function sum(y: usize, a: usize, b: usize, n: i32): void {
  const whole = (<usize>(n & ~3)) << 2;
  const rest = n & 3;
  for (let i: usize = 0; i < whole; i += 16) {
    v128.store(y + i, f32x4.add(v128.load(a + i), v128.load(b + i)));
  }
  if (rest) storePart(y + whole, f32x4.add(loadPart(a + whole, rest), loadPart(b + whole, rest)), rest);
}
