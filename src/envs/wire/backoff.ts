import type { Rng } from '../../kernels/index.ts';

export interface Backoff {
  /** The first wait is at most this long, in ms; each further one at most twice as long. */
  baseMs: number;
  /** No wait is longer, in ms. */
  maxMs: number;
}

/**
 * How long to wait before trying again, in ms: uniform in [0, min(maxMs, baseMs · 2^attempt)), so that those
 * who failed together do not come back together ("full jitter", Brooker 2015).
 * @param attempt tries that have failed since the last success, less one
 */
export function fullJitter(
  attempt: number,
  { baseMs = 250, maxMs = 30_000 }: Partial<Backoff>,
  rng: Rng,
): number {
  return rng.uniform(0, Math.min(maxMs, baseMs * 2 ** attempt));
}
