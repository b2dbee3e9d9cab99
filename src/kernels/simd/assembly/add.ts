import { AddArguments } from './generated/arguments';
import { share } from './split';
import { addInto, floats } from './vector';

/** `y[i] = a[i] + b` for each row i of y and a. Parts share the rows, or the numbers of a single row. */
export function add(a: AddArguments, part: i32, parts: i32): void {
  if (a.rows == 1) {
    const from = share(a.n, part, parts);
    const at = floats(from);
    addInto(a.y + at, a.a + at, a.b + at, share(a.n, part + 1, parts) - from);
    return;
  }
  const step = floats(a.n);
  for (let i = share(a.rows, part, parts); i < share(a.rows, part + 1, parts); i++) {
    addInto(a.y + i * step, a.a + i * step, a.b, a.n);
  }
}
