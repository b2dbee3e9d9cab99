import { pointer, share, word } from './arguments';
import { add, copy } from './vector';

/**
 * FIELD: y, yStep, ids (f32), idStep, table [V, width], n, width. `y[i] = table[ids[i]]`; steps in bytes, from
 * row to row.
 */
export function field(args: usize, part: i32, parts: i32): void {
  const y = pointer(args, 0);
  const yStep = word(args, 1);
  const ids = pointer(args, 2);
  const idStep = word(args, 3);
  const table = pointer(args, 4);
  const n = word(args, 5);
  const width = word(args, 6);
  const step = width << 2;
  for (let i = share(n, part, parts); i < share(n, part + 1, parts); i++) {
    copy(y + i * yStep, table + <i32>load<f32>(ids + i * idStep) * step, width);
  }
}

/**
 * FIELD_GRAD: dtable [V, width], dy, dyStep, ids (f32), idStep, n, width. `dtable[ids[i]] += dy[i]`, in ascending
 * order, all of it by part 0.
 */
export function fieldGrad(args: usize, part: i32): void {
  if (part) return;
  const dtable = pointer(args, 0);
  const dy = pointer(args, 1);
  const dyStep = word(args, 2);
  const ids = pointer(args, 3);
  const idStep = word(args, 4);
  const n = word(args, 5);
  const width = word(args, 6);
  const step = width << 2;
  for (let i = 0; i < n; i++) {
    add(dtable + <i32>load<f32>(ids + i * idStep) * step, dy + i * dyStep, width);
  }
}
