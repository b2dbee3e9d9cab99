/** An axis of two arrays: its size, and how far apart its numbers lie in each array. */
export interface Axis {
  readonly size: number;
  readonly a: number;
  readonly b: number;
}

/** The distance between adjacent numbers along each axis of a contiguous array. */
export function stridesOf(shape: readonly number[]): number[] {
  const strides = Array<number>(shape.length);
  let stride = 1;
  for (let i = shape.length - 1; i >= 0; i--) {
    strides[i] = stride;
    stride *= shape[i];
  }
  return strides;
}

/**
 * Visits two arrays run by run, in C order. Axes that both arrays pass through without a gap are joined into one.
 * `visit` gets the run's first index in each array, and its axis.
 */
export function eachRun(
  axes: readonly Axis[],
  visit: (a: number, b: number, run: Axis) => void,
  aStart = 0,
  bStart = 0,
): void {
  if (axes.some(({ size }) => size === 0)) return;
  const joined = join(axes);
  const run = joined.pop() ?? { size: 1, a: 1, b: 1 };
  const descend = (level: number, a: number, b: number): void => {
    if (level === joined.length) {
      visit(a, b, run);
      return;
    }
    const axis = joined[level];
    for (let i = 0; i < axis.size; i++) descend(level + 1, a + i * axis.a, b + i * axis.b);
  };
  descend(0, aStart, bStart);
}

function join(axes: readonly Axis[]): Axis[] {
  const joined: Axis[] = [];
  for (const axis of axes) {
    if (axis.size === 1) continue;
    const outer = joined.at(-1);
    if (outer?.a === axis.a * axis.size && outer.b === axis.b * axis.size) {
      joined[joined.length - 1] = { ...axis, size: outer.size * axis.size };
    } else {
      joined.push(axis);
    }
  }
  return joined;
}
