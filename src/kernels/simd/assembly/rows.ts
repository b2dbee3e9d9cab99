import { RowsArguments, RowsGradArguments } from './generated/arguments';
import { add, clear, copy, floats } from './vector';

/** `y[i] = x[indices[i]]` */
export function rows(a: RowsArguments, from: i32, to: i32): void {
  const step = floats(a.width);
  for (let i = from; i < to; i++) {
    copy(a.y + i * step, a.x + load<i32>(a.indices + floats(i)) * step, a.width);
  }
}

/** `dx[indices[i]] += dy[i]` from zero, in ascending order. */
export function rowsGrad(a: RowsGradArguments): void {
  const step = floats(a.width);
  clear(a.dx, a.size * a.width);
  for (let i = 0; i < a.n; i++) {
    add(a.dx + load<i32>(a.indices + floats(i)) * step, a.dy + i * step, a.width);
  }
}
