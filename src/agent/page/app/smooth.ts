import type { Values } from './values.ts';

/** The mean of each value and its neighbors, `radius` on either side. Gaps stay gaps, and no mean includes them. */
export function smooth(values: Values, radius: number): Values {
  let [sum, count, begin, end] = [0, 0, 0, 0];
  return values.map((value, i) => {
    for (; end <= i + radius && end < values.length; end++) {
      sum += values[end] ?? 0;
      count += Number(values[end] != null);
    }
    for (; begin < i - radius; begin++) {
      sum -= values[begin] ?? 0;
      count -= Number(values[begin] != null);
    }
    return value == null ? value : sum / count;
  });
}
