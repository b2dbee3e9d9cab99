import { LANES } from './generated/arguments';

/** The number in 0..n-1 at which part `part` of `parts` begins. It ends where the next part begins. */
@inline
export function share(n: i32, part: i32, parts: i32): i32 {
  return <i32>((<i64>n * part) / parts);
}

/** How many of n rows each lane takes, at least `least`. The last lanes get fewer rows, or none. */
@inline
export function laneSize(n: i32, least: i32): i32 {
  return max(least, (n + LANES - 1) / LANES);
}
