import { pointer, share, word } from './arguments';
import { LANES, laneSize } from './lanes';
import { loadPart, storePart } from './vector';

/** Each lane of SQUARE_SUM takes at least so many numbers. */
const LANE_SIZE: i32 = 1024;

/** LANE_SUM: y [n], lanes [8, n], n, accumulate. `y (+)= Σ_l lanes[l]`, pairwise. */
export function laneSum(args: usize, part: i32, parts: i32): void {
  const n = word(args, 2);
  const accumulate = word(args, 3) != 0;
  const step = (<usize>n) << 2;
  const from = share(n, part, parts);
  const count = share(n, part + 1, parts) - from;
  let y = pointer(args, 0) + ((<usize>from) << 2);
  let lanes = pointer(args, 1) + ((<usize>from) << 2);
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

/** SQUARE_SUM: out (f64) [8], x, n. Lane l is `Σ x²` over the l-th range of x. */
export function squareSum(args: usize, part: i32, parts: i32): void {
  const x = pointer(args, 1);
  const n = word(args, 2);
  const size = laneSize(n, LANE_SIZE);
  for (let lane = part; lane < LANES; lane += parts) {
    const first = lane * size;
    const count = min(size, n - first);
    let from = x + ((<usize>first) << 2);
    let total = f64x2.splat(0);
    for (let i: i32 = 0; i < count; i += 4) {
      const v = count - i >= 4 ? v128.load(from) : loadPart(from, count - i);
      const low = f64x2.promote_low_f32x4(v);
      const high = f64x2.promote_low_f32x4(v128.shuffle<f32>(v, v, 2, 3, 0, 1));
      total = f64x2.add(total, f64x2.add(f64x2.mul(low, low), f64x2.mul(high, high)));
      from += 16;
    }
    store<f64>(
      pointer(args, 0) + ((<usize>lane) << 3),
      f64x2.extract_lane(total, 0) + f64x2.extract_lane(total, 1),
    );
  }
}
