import { ReluArguments, StepArguments } from './generated/arguments';
import { floats, loadPart, relu as rectified, storePart } from './vector';

/** `y = max(x, 0)`, NaN for NaN. */
export function relu(a: ReluArguments, from: i32, to: i32): void {
  const x = a.x + floats(from);
  const y = a.y + floats(from);
  const rest = (to - from) & 3;
  const whole = floats(to - from - rest);
  for (let i: usize = 0; i < whole; i += 16) v128.store(y + i, rectified(v128.load(x + i)));
  if (rest) storePart(y + whole, rectified(loadPart(x + whole, rest)), rest);
}

/** `y = 1` where x > 0, alpha where x <= 0, NaN for NaN. */
export function step(a: StepArguments, from: i32, to: i32): void {
  const x = a.x + floats(from);
  const y = a.y + floats(from);
  const alpha = f32x4.splat(a.alpha);
  const rest = (to - from) & 3;
  const whole = floats(to - from - rest);
  for (let i: usize = 0; i < whole; i += 16) v128.store(y + i, stepped(v128.load(x + i), alpha));
  if (rest) storePart(y + whole, stepped(loadPart(x + whole, rest), alpha), rest);
}

@inline
function stepped(x: v128, alpha: v128): v128 {
  const zero = f32x4.splat(0);
  const down = v128.bitselect(alpha, x, f32x4.le(x, zero));
  return v128.bitselect(f32x4.splat(1), down, f32x4.gt(x, zero));
}
