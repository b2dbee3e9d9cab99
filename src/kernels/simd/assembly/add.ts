import { pointer, share, word } from './arguments';
import { addInto } from './vector';

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
    addInto(y + at, a + at, b + at, share(n, part + 1, parts) - from);
    return;
  }
  const step = (<usize>n) << 2;
  for (let i = share(rows, part, parts); i < share(rows, part + 1, parts); i++) {
    addInto(y + i * step, a + i * step, b, n);
  }
}
