import { pointer, share, word } from './arguments';
import { add, clear, copy } from './vector';

/** EMBED and ROWS: y [n, width], x [·, width], indices (i32) [n], n, width. `y[i] = x[indices[i]]`. */
export function rows(args: usize, part: i32, parts: i32): void {
  const y = pointer(args, 0);
  const x = pointer(args, 1);
  const indices = pointer(args, 2);
  const n = word(args, 3);
  const width = word(args, 4);
  const step = (<usize>width) << 2;
  for (let i = share(n, part, parts); i < share(n, part + 1, parts); i++) {
    copy(y + i * step, x + load<i32>(indices + ((<usize>i) << 2)) * step, width);
  }
}

/**
 * EMBED_GRAD: dtable [V, D], dy [n, D], ids (i32) [n], n, D, V. `dtable[ids[i]] += dy[i]` from zero, in
 * ascending order, all of it by part 0.
 */
export function rowsGrad(args: usize, part: i32): void {
  if (part) return;
  const dtable = pointer(args, 0);
  const dy = pointer(args, 1);
  const ids = pointer(args, 2);
  const n = word(args, 3);
  const D = word(args, 4);
  const step = (<usize>D) << 2;
  clear(dtable, word(args, 5) * D);
  for (let i = 0; i < n; i++) {
    add(dtable + load<i32>(ids + ((<usize>i) << 2)) * step, dy + i * step, D);
  }
}
