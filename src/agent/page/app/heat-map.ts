import type { Drawn } from './lines.ts';
import { color } from './theme.ts';
import type uPlot from './uplot.ts';
import type { Values } from './values.ts';

/** The share of column `i` in the sum of each row of counts; null where the sum is 0. */
export function shareOf(columns: readonly Values[], i: number): Values {
  return columns[i].map((value, row) => {
    const total = columns.reduce((sum, column) => sum + (column[row] ?? 0), 0);
    return total > 0 ? (value ?? 0) / total : null;
  });
}

/**
 * Paints lines 1, 2, … as cells, line k at height k. The larger a share, the stronger its color. A column of cells covers
 * a few pixels and has the mean of the rows there.
 */
export function paintShares(plot: uPlot, { x, lines }: Drawn): void {
  const rows = lines.slice(1).map(({ values }) => values);
  const { ctx, bbox } = plot;
  const height = Math.abs(plot.valToPos(1, 'y', true) - plot.valToPos(2, 'y', true));
  ctx.save();
  ctx.beginPath();
  ctx.rect(bbox.left, bbox.top, bbox.width, bbox.height);
  ctx.clip();
  ctx.fillStyle = color('c1');
  // Whole pixels, since seams would show between fractions of one.
  const positions = x.map((value) =>
    value === null ? Number.NaN : Math.round(plot.valToPos(value, 'x', true)),
  );
  for (let begin = 0; begin < x.length; ) {
    const left = begin === 0 ? positions[0] - CELL : positions[begin - 1];
    let end = begin + 1;
    while (end < x.length && positions[end - 1] - left < CELL) end++;
    const right = positions[end - 1];
    for (const [k, shares] of rows.entries()) {
      const share = meanBetween(shares, begin, end);
      if (share === null || share < 0.002) continue;
      ctx.globalAlpha = share ** 0.7;
      const middle = plot.valToPos(k + 1, 'y', true);
      const top = Math.round(middle - height / 2);
      ctx.fillRect(left, top, Math.max(1, right - left), Math.round(height) - 1);
    }
    begin = end;
  }
  ctx.restore();
}

/** The least width of a cell, in pixels. */
const CELL = 3;

function meanBetween(values: Values, begin: number, end: number): number | null {
  let [sum, count] = [0, 0];
  for (let i = begin; i < end; i++) {
    const value = values[i];
    if (value == null) continue;
    sum += value;
    count++;
  }
  return count > 0 ? sum / count : null;
}
