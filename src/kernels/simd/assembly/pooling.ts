import { PoolArguments, PoolGradArguments, Windows } from './generated/arguments';
import { add, clear, floats, loadPart, storePart } from './vector';

/** Lines `from`..`to - 1` of a pool: of each window, the greatest number of each channel, or the mean of those inside. */
export function pool(a: PoolArguments, from: i32, to: i32): void {
  const w = a.windows;
  const channels = w.channels;
  let y = a.y + <usize>(from * w.outWidth) * floats(channels);
  for (let line = from; line < to; line++) {
    const picture = line / w.outHeight;
    const x = a.x + <usize>(picture * w.height * w.width) * floats(channels);
    const top = (line - picture * w.outHeight) * w.strideHeight - w.top;
    for (let c = 0; c < w.outWidth; c++) {
      const left = c * w.strideWidth - w.left;
      if (a.mean) mean(y, x, top, left, w);
      else greatest(y, x, top, left, w);
      y += floats(channels);
    }
  }
}

function mean(y: usize, x: usize, top: i32, left: i32, w: Windows): void {
  const channels = w.channels;
  clear(y, channels);
  let count = 0;
  for (let r = max(0, top); r < min(w.height, top + w.filterHeight); r++) {
    for (let c = max(0, left); c < min(w.width, left + w.filterWidth); c++) {
      add(y, x + <usize>(r * w.width + c) * floats(channels), channels);
      count++;
    }
  }
  for (let k = 0; k < channels; k++) {
    const at = y + floats(k);
    store<f32>(at, load<f32>(at) / <f32>count);
  }
}

/** A NaN is greater than nothing, as in tfjs. */
function greatest(y: usize, x: usize, top: i32, left: i32, w: Windows): void {
  const channels = w.channels;
  for (let k = 0; k < channels; k += 4) {
    const n = channels - k;
    let found = f32x4.splat(-Infinity);
    for (let r = max(0, top); r < min(w.height, top + w.filterHeight); r++) {
      for (let c = max(0, left); c < min(w.width, left + w.filterWidth); c++) {
        found = f32x4.pmax(found, some(x + floats((r * w.width + c) * channels + k), n));
      }
    }
    keep(y + floats(k), found, n);
  }
}

/** The gradient for pictures `from`..`to - 1`, window after window. Of equal greatest numbers, the first has it. */
export function poolGrad(a: PoolGradArguments, from: i32, to: i32): void {
  const w = a.windows;
  const channels = w.channels;
  const share = f32x4.splat(1 / <f32>(w.filterHeight * w.filterWidth));
  for (let picture = from; picture < to; picture++) {
    const inside = <usize>(picture * w.height * w.width) * floats(channels);
    clear(a.dx + inside, w.height * w.width * channels);
    for (let line = 0; line < w.outHeight; line++) {
      const top = line * w.strideHeight - w.top;
      for (let c = 0; c < w.outWidth; c++) {
        const left = c * w.strideWidth - w.left;
        const at = <usize>((picture * w.outHeight + line) * w.outWidth + c) * floats(channels);
        for (let k = 0; k < channels; k += 4) {
          const n = channels - k;
          const dx = a.dx + inside + floats(k);
          const dy = some(a.dy + at + floats(k), n);
          if (a.mean) spread(dx, f32x4.mul(dy, share), top, left, n, w);
          else give(dx, dy, a.x + inside + floats(k), some(a.y + at + floats(k), n), top, left, n, w);
        }
      }
    }
  }
}

/** Adds dy to four channels of each pixel of a window. */
function spread(dx: usize, dy: v128, top: i32, left: i32, n: i32, w: Windows): void {
  for (let r = max(0, top); r < min(w.height, top + w.filterHeight); r++) {
    for (let c = max(0, left); c < min(w.width, left + w.filterWidth); c++) {
      const to = dx + floats((r * w.width + c) * w.channels);
      keep(to, f32x4.add(some(to, n), dy), n);
    }
  }
}

/** Adds dy to the first pixel of a window that is y, in each of four channels. */
function give(
  dx: usize, dy: v128, x: usize, y: v128, top: i32, left: i32, n: i32, w: Windows,
): void {
  let open = i32x4.splat(-1);
  for (let r = max(0, top); r < min(w.height, top + w.filterHeight); r++) {
    for (let c = max(0, left); c < min(w.width, left + w.filterWidth); c++) {
      const at = floats((r * w.width + c) * w.channels);
      const here = v128.and(f32x4.eq(some(x + at, n), y), open);
      keep(dx + at, f32x4.add(some(dx + at, n), v128.and(dy, here)), n);
      open = v128.andnot(open, here);
    }
  }
}

/** The first n of four numbers; all four if n >= 4. */
@inline
function some(from: usize, n: i32): v128 {
  return n >= 4 ? v128.load(from) : loadPart(from, n);
}

/** Stores the first n of four numbers; all four if n >= 4. */
@inline
function keep(to: usize, x: v128, n: i32): void {
  if (n >= 4) v128.store(to, x);
  else storePart(to, x, n);
}
