/** A source of time; a test may pass one that jumps. */
export interface Clock {
  /** The time of day, in ms since 1970; it may jump either way. */
  now(): number;
  /** Milliseconds since some moment; it never goes back. */
  monotonic(): number;
}

export const systemClock: Clock = {
  now: () => Date.now(),
  monotonic: () => performance.now(),
};
