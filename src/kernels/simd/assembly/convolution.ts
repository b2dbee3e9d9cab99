import { Col2imArguments, Im2colArguments, Windows } from './generated/arguments';
import { add, clear, copy, floats } from './vector';

/**
 * Lines `line + from`..`line + to - 1` of windows: `columns[line, c, i, j, k] = x[p, r·stride + i·dilation - top,
 * c·stride + j·dilation - left, k]` with line = p·outHeight + r, and 0 outside of the picture.
 */
export function im2col(a: Im2colArguments, from: i32, to: i32): void {
  const w = a.windows;
  const line = floats(w.width * w.channels);
  let y = a.columns + from * floats(a.numbers);
  for (let l = a.line + from; l < a.line + to; l++) {
    const picture = l / w.outHeight;
    const top = (l - picture * w.outHeight) * w.strideHeight - w.top;
    const x = a.x + <usize>(picture * w.height) * line;
    for (let c = 0; c < w.outWidth; c++) y = window(y, x, top, c * w.strideWidth - w.left, w);
  }
}

/** Copies a window whose first row and column are top and left; returns its end. */
function window(y: usize, x: usize, top: i32, left: i32, w: Windows): usize {
  const line = floats(w.width * w.channels);
  const numbers = w.filterWidth * w.channels;
  const inside = w.dilationWidth == 1 && left >= 0 && left + w.filterWidth <= w.width;
  x += left * floats(w.channels);
  for (let i = 0; i < w.filterHeight; i++) {
    const h = top + i * w.dilationHeight;
    if (h < 0 || h >= w.height) clear(y, numbers);
    else if (inside) copy(y, x + h * line, numbers);
    else clipped(y, x + h * line, left, w);
    y += floats(numbers);
  }
  return y;
}

/** One row of a window that reaches beyond the edge, or has dilation: x is where it would begin. */
function clipped(y: usize, x: usize, left: i32, w: Windows): void {
  const channels = w.channels;
  for (let j = 0; j < w.filterWidth; j++) {
    const column = left + j * w.dilationWidth;
    if (column < 0 || column >= w.width) clear(y, channels);
    else copy(y, x + j * w.dilationWidth * floats(channels), channels);
    y += floats(channels);
  }
}

/** The first column of a window without dilation that is inside the picture; `filterWidth` if none is. */
@inline
function first(left: i32, w: Windows): i32 {
  return min(w.filterWidth, max(0, -left));
}

/** The column after the last one that is inside the picture. */
@inline
function last(left: i32, w: Windows): i32 {
  return max(first(left, w), min(w.filterWidth, w.width - left));
}

/**
 * Rows `row + from`..`row + to - 1` of dx: the sum of all numbers in the windows that `im2col` would read from there, in
 * the order of windows. Without dilation.
 */
export function col2im(a: Col2imArguments, from: i32, to: i32): void {
  const w = a.windows;
  const channels = w.channels;
  for (let row = a.row + from; row < a.row + to; row++) {
    const picture = row / w.height;
    const h = row - picture * w.height + w.top;
    const dx = a.dx + <usize>row * floats(w.width * channels);
    // Windows of greater r begin lower: their row i of the same h is smaller.
    for (let i = w.filterHeight - 1; i >= 0; i--) {
      const r = (h - i) / w.strideHeight;
      if (h < i || r * w.strideHeight != h - i || r >= w.outHeight) continue;
      const line = picture * w.outHeight + r - a.line;
      if (line < 0 || line >= a.lines) continue;
      let y = a.columns + line * floats(a.numbers) + floats(i * w.filterWidth * channels);
      for (let c = 0; c < w.outWidth; c++) {
        const left = c * w.strideWidth - w.left;
        const begin = first(left, w);
        const end = last(left, w);
        add(dx + floats((left + begin) * channels), y + floats(begin * channels), (end - begin) * channels);
        y += floats(w.filterHeight * w.filterWidth * channels);
      }
    }
  }
}
