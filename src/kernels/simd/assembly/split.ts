import { LANES } from './generated/arguments';

/** Where part `part` of `parts` starts in 0..n-1; it ends where the next one starts. */
@inline
export function share(n: i32, part: i32, parts: i32): i32 {
  return <i32>((<i64>n * part) / parts);
}

/** How many of n rows each lane takes (the last ones less, or none), at least `least`. */
@inline
export function laneSize(n: i32, least: i32): i32 {
  return max(least, (n + LANES - 1) / LANES);
}
