import { FieldArguments, FieldGradArguments } from './generated/arguments';
import { add, copy } from './vector';

/** `y[i] = table[ids[i]]` */
export function field(a: FieldArguments, from: i32, to: i32): void {
  const step = a.width << 2;
  for (let i = from; i < to; i++) {
    copy(a.y + i * a.yStep, a.table + <i32>load<f32>(a.ids + i * a.idStep) * step, a.width);
  }
}

/** `dtable[ids[i]] += dy[i]`, in ascending order. */
export function fieldGrad(a: FieldGradArguments): void {
  const step = a.width << 2;
  for (let i = 0; i < a.n; i++) {
    add(a.dtable + <i32>load<f32>(a.ids + i * a.idStep) * step, a.dy + i * a.dyStep, a.width);
  }
}
