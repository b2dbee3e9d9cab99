import { pointer, share, word } from './arguments';
import { loadPart, storePart } from './vector';

/** RELU_GRAD: dx, dy, y, n. `dx = dy` where `y > 0`, else 0 (also where y is NaN). */
export function reluGrad(args: usize, part: i32, parts: i32): void {
  const n = word(args, 3);
  const from = share(n, part, parts);
  const offset = (<usize>from) << 2;
  reluGradient(
    pointer(args, 0) + offset,
    pointer(args, 1) + offset,
    pointer(args, 2) + offset,
    share(n, part + 1, parts) - from,
  );
}

/** dx may be dy. */
export function reluGradient(dx: usize, dy: usize, y: usize, n: i32): void {
  const whole = (<usize>(n & ~3)) << 2;
  for (let i: usize = 0; i < whole; i += 16) {
    v128.store(dx + i, where(v128.load(dy + i), v128.load(y + i)));
  }
  const rest = n & 3;
  if (rest)
    storePart(dx + whole, where(loadPart(dy + whole, rest), loadPart(y + whole, rest)), rest);
}

@inline
function where(dy: v128, y: v128): v128 {
  return v128.and(dy, f32x4.gt(y, f32x4.splat(0)));
}
