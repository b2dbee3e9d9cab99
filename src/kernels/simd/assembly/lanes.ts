/**
 * Sums over a batch are made in so many lanes, whatever the number of parts: lane l sums the l-th of
 * eight ranges and belongs to part l % parts. LANE_SUM adds the lanes up.
 */
export const LANES: i32 = 8;

/** How many of n rows each lane takes (the last ones less, or none), at least `least`. */
@inline
export function laneSize(n: i32, least: i32): i32 {
  return max(least, (n + LANES - 1) / LANES);
}
