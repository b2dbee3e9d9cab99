import { LaneSumArguments } from './generated/arguments';
import { floats, loadPart, storePart } from './vector';

/** `y (+)= Σ_l lanes[l]`, pairwise. */
export function laneSum(a: LaneSumArguments, from: i32, to: i32): void {
  const accumulate = a.accumulate != 0;
  const step = floats(a.n);
  const count = to - from;
  let y = a.y + floats(from);
  let lanes = a.lanes + floats(from);
  let i: i32 = 0;
  for (; i + 4 <= count; i += 4) {
    let total = sumOf(
      v128.load(lanes),
      v128.load(lanes + step),
      v128.load(lanes + 2 * step),
      v128.load(lanes + 3 * step),
      v128.load(lanes + 4 * step),
      v128.load(lanes + 5 * step),
      v128.load(lanes + 6 * step),
      v128.load(lanes + 7 * step),
    );
    if (accumulate) total = f32x4.add(v128.load(y), total);
    v128.store(y, total);
    y += 16;
    lanes += 16;
  }
  const rest = count & 3;
  if (rest) {
    let total = sumOf(
      loadPart(lanes, rest),
      loadPart(lanes + step, rest),
      loadPart(lanes + 2 * step, rest),
      loadPart(lanes + 3 * step, rest),
      loadPart(lanes + 4 * step, rest),
      loadPart(lanes + 5 * step, rest),
      loadPart(lanes + 6 * step, rest),
      loadPart(lanes + 7 * step, rest),
    );
    if (accumulate) total = f32x4.add(loadPart(y, rest), total);
    storePart(y, total, rest);
  }
}

@inline
function sumOf(a: v128, b: v128, c: v128, d: v128, e: v128, f: v128, g: v128, h: v128): v128 {
  return f32x4.add(
    f32x4.add(f32x4.add(a, b), f32x4.add(c, d)),
    f32x4.add(f32x4.add(e, f), f32x4.add(g, h)),
  );
}
