/** The most rows of a table on the page. */
export const TABLE_ROWS = 25;

/** Reduces a list to at most `limit` entries: it merges equal groups of neighbors. */
export function thin<T, R>(entries: readonly T[], limit: number, merge: (group: T[]) => R): R[] {
  const size = Math.max(1, Math.ceil(entries.length / limit));
  return Array.from({ length: Math.ceil(entries.length / size) }, (_, i) =>
    merge(entries.slice(i * size, (i + 1) * size)),
  );
}

/** Picks at most `limit` entries at even distances, including the first and the last. */
export function sample<T>(entries: readonly T[], limit: number): T[] {
  if (entries.length <= limit) return [...entries];
  const spacing = (entries.length - 1) / (limit - 1);
  return Array.from({ length: limit }, (_, i) => entries[Math.round(i * spacing)]);
}

/** The mean of the finite values; null where there are none. */
export function mean(values: readonly (number | null)[]): number | null {
  const present = values.map(finite).filter((value) => value !== null);
  return present.length > 0 ? present.reduce((a, b) => a + b, 0) / present.length : null;
}

/** A value that a chart can show; null for others. */
export function finite(value: number | null): number | null {
  return value !== null && Number.isFinite(value) ? value : null;
}
