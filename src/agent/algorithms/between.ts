/** A value between two in proportion to a share that is done; larger shares count as 1. */
export function between(from: number, to: number, share: number): number {
  return from + (to - from) * Math.min(1, share);
}
