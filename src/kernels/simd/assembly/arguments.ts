/** Word `i` of an operation's arguments: a size, a flag or a byte offset. */
@inline
export function word(args: usize, i: usize): i32 {
  return load<i32>(args + (i << 2));
}

/** Word `i` as a byte offset in memory. */
@inline
export function pointer(args: usize, i: usize): usize {
  return load<u32>(args + (i << 2));
}

/** Word `i` as a float32. */
@inline
export function float(args: usize, i: usize): f32 {
  return load<f32>(args + (i << 2));
}

/** Where part `part` of `parts` starts in 0..n-1; it ends where the next one starts. */
@inline
export function share(n: i32, part: i32, parts: i32): i32 {
  return <i32>((<i64>n * part) / parts);
}
