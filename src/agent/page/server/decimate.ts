/** How thinning merges neighboring rows of a column: to both extremes, to sums, or to both ends. */
export type Merge = 'extremes' | 'sum' | 'ends';

/**
 * Thins rows `from` to `to` (exclusive) of a column into two per bucket of `size` rows.
 *
 * - `extremes`: the lowest and the highest value in their order, so that peaks stay. A bucket of NaN alone gives NaN, so
 *   that gaps stay too.
 * - `sum`: the sums of the first and the second half of the bucket. NaN counts as 0, but a half of NaN alone gives NaN.
 * - `ends`: the first and the last value, as an axis needs it.
 *
 * If all columns of a table are thinned with one `size`, their rows still match. A last bucket of a single row gives one
 * row. Buckets of two rows stay as they are.
 */
export function decimate(
  column: Float32Array | Float64Array,
  from: number,
  to: number,
  size: number,
  merge: Merge,
): Float64Array {
  if (size <= 2) return Float64Array.from(column.subarray(from, to));
  const thinned = new Float64Array(decimatedLength(to - from, size));
  for (let begin = from, i = 0; begin < to; begin += size) {
    const end = Math.min(begin + size, to);
    const pair = pairOf[merge](column, begin, end);
    thinned[i++] = pair[0];
    if (end - begin > 1) thinned[i++] = pair[1];
  }
  return thinned;
}

/** The number of rows that `decimate` keeps of `rows`. */
export function decimatedLength(rows: number, size: number): number {
  const rest = rows % size;
  return 2 * Math.floor(rows / size) + Math.min(2, rest);
}

/** The smallest bucket that leaves at most `points` of `rows`; 2 leaves all rows as they are. */
export function bucketSize(rows: number, points: number): number {
  const buckets = Math.max(1, Math.floor(points / 2));
  return Math.max(2, Math.ceil(rows / buckets));
}

type Pair = (column: ArrayLike<number>, begin: number, end: number) => [number, number];

const pairOf: Record<Merge, Pair> = {
  extremes(column, begin, end) {
    let [low, high] = [-1, -1];
    for (let i = begin; i < end; i++) {
      if (Number.isNaN(column[i])) continue;
      if (low < 0 || column[i] < column[low]) low = i;
      if (high < 0 || column[i] > column[high]) high = i;
    }
    if (low < 0) return [Number.NaN, Number.NaN];
    return low < high ? [column[low], column[high]] : [column[high], column[low]];
  },
  sum(column, begin, end) {
    const middle = begin + Math.ceil((end - begin) / 2);
    return [sum(column, begin, middle), sum(column, middle, end)];
  },
  ends: (column, begin, end) => [column[begin], column[end - 1]],
};

function sum(column: ArrayLike<number>, begin: number, end: number): number {
  let total = Number.NaN;
  for (let i = begin; i < end; i++) {
    if (!Number.isNaN(column[i])) total = (Number.isNaN(total) ? 0 : total) + column[i];
  }
  return total;
}
