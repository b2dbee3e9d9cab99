import type { Values } from './values.ts';

/** The mean of each value and its neighbors, `reach` on either side. Gaps stay gaps, and no mean includes them. */
export function smooth(values: Values, reach: number): Values {
  let [sum, count, begin, end] = [0, 0, 0, 0];
  return values.map((value, i) => {
    for (; end <= i + reach && end < values.length; end++) {
      sum += values[end] ?? 0;
      count += Number(values[end] != null);
    }
    for (; begin < i - reach; begin++) {
      sum -= values[begin] ?? 0;
      count -= Number(values[begin] != null);
    }
    return value == null ? value : sum / count;
  });
}
