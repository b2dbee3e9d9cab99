const FIRST_MS = 250;
const LONGEST_MS = 30_000;

/**
 * How long to wait before another attempt, in ms: anything up to a bound that doubles, so that many
 * who were turned away together do not come back together (full jitter).
 * @param attempt 0 after the first
 */
export function backoff(attempt: number, random: () => number = Math.random): number {
  return random() * Math.min(LONGEST_MS, FIRST_MS * 2 ** attempt);
}
