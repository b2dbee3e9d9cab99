import type { Rng } from '../../../kernels/index.ts';

/** The waits between attempts to connect: the bound doubles with each attempt, and the wait is uniform below it. */
export interface Backoff {
  /** Bound on the first wait, in ms. */
  baseMs: number;
  /** Bound on every wait, in ms. */
  maxMs: number;
}

/** @internal */
export const defaultBackoff: Backoff = { baseMs: 250, maxMs: 30_000 };

/**
 * The wait before an attempt, in ms: uniform in 0..min(maxMs, baseMs·2^attempt), so that clients that failed at the
 * same time do not come back at the same time ("full jitter", AWS Architecture Blog 2015).
 * @param attempt 0 for the first one after a failure
 * @internal
 */
export function fullJitter(attempt: number, { baseMs, maxMs }: Backoff, rng: Rng): number {
  return rng.float() * Math.min(maxMs, baseMs * 2 ** Math.min(attempt, 30));
}
