import { floats } from './vector';

/** `dx = dy` where `y > 0`, else 0 (also where y is NaN), for n numbers, a multiple of four. dx may be dy. */
export function reluGradient(dx: usize, dy: usize, y: usize, n: i32): void {
  for (let i: usize = 0; i < floats(n); i += 16) {
    const positive = f32x4.gt(v128.load(y + i), f32x4.splat(0));
    v128.store(dx + i, v128.and(v128.load(dy + i), positive));
  }
}
