import { RowsArguments, RowsGradArguments } from './generated/arguments';
import { add, clear, copy } from './vector';

/** `y[i] = x[indices[i]]` */
export function rows(a: RowsArguments, from: i32, to: i32): void {
  const step = (<usize>a.width) << 2;
  for (let i = from; i < to; i++) {
    copy(a.y + i * step, a.x + load<i32>(a.indices + ((<usize>i) << 2)) * step, a.width);
  }
}

/** `dx[indices[i]] += dy[i]` from zero, in ascending order. */
export function rowsGrad(a: RowsGradArguments): void {
  const step = (<usize>a.width) << 2;
  clear(a.dx, a.size * a.width);
  for (let i = 0; i < a.n; i++) {
    add(a.dx + load<i32>(a.indices + ((<usize>i) << 2)) * step, a.dy + i * step, a.width);
  }
}
