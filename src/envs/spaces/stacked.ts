import type { Space } from '../contract/space.ts';
import type { DType, ReadAs } from '../contract/space-json.ts';
import { zeros } from './array-value.ts';
import { Box } from './box.ts';
import { Dict } from './dict.ts';
import { MultiBinary } from './multi-binary.ts';
import { MultiDiscrete } from './multi-discrete.ts';
import type { AnySpace } from './space-from-json.ts';
import { Tuple } from './tuple.ts';

/** A space of several values of another one, and how to make its values. */
export interface Stacked {
  readonly space: Space;
  /** One value of `space` from as many of the other, the oldest first. */
  join(frames: readonly unknown[]): unknown;
  /** Numbers of a frame in each part of a row, which holds `count` of them, one after another, then the next part's. */
  readonly sizes: readonly number[];
  /** A value of zeros, where the padding is zero. */
  readonly zero?: unknown;
}

/** The frames of which a space's values are stacks. */
export interface Frames extends Pick<Stacked, 'join' | 'sizes'> {
  /** Frames in a value. */
  readonly count: number;
  /** The space of a frame. */
  readonly space: Space;
}

const frames = new WeakMap<Space, Frames>();

/**
 * The frames of which a space's values are stacks, where `stacked` made it in this process.
 * @internal
 */
export function framesOf(space: Space): Frames | undefined {
  return frames.get(space);
}

/**
 * `count` values of a space as one: a Box and a MultiBinary get a leading axis, a Discrete becomes a MultiDiscrete, the
 * parts of a Dict and a Tuple are stacked each, and any other space becomes a Tuple of values.
 * @param zero whether there must be a value of zeros, for which the bounds of a Box are widened
 * @throws TypeError for a space without a value of zeros, where there must be one
 */
export function stacked(space: Space, count: number, zero: boolean): Stacked {
  const made = stack(space, count, zero);
  frames.set(made.space, { count, space, join: made.join, sizes: made.sizes });
  return made;
}

function stack(space: Space, count: number, zero: boolean): Stacked {
  const known = space as AnySpace;
  switch (known.type) {
    case 'box':
      return stackedBox(known, count, zero);
    case 'dict': {
      const parts = [...known.spaces].map(
        ([key, part]) => [key, stacked(part, count, zero)] as const,
      );
      const each = (value: (part: Stacked, key: string) => unknown) =>
        Object.fromEntries(parts.map(([key, part]) => [key, value(part, key)]));
      const joined = new Dict(each(({ space }) => space) as Record<string, Space>);
      const byKey = new Map(parts);
      return {
        space: joined,
        sizes: [...joined.spaces.keys()].flatMap((key) => byKey.get(key)!.sizes),
        join: (frames) =>
          each((part, key) =>
            part.join(frames.map((frame) => (frame as Record<string, unknown>)[key])),
          ),
        zero: zero ? each((part) => part.zero) : undefined,
      };
    }
    case 'tuple': {
      const parts = known.spaces.map((part) => stacked(part, count, zero));
      return {
        space: new Tuple(parts.map(({ space }) => space)),
        sizes: parts.flatMap(({ sizes }) => sizes),
        join: (frames) =>
          parts.map((part, i) => part.join(frames.map((frame) => (frame as unknown[])[i]))),
        zero: zero ? parts.map((part) => part.zero) : undefined,
      };
    }
  }
  if (zero) {
    throw new TypeError(
      `frameStack: padding: expected reset for a space of type ${known.type}, which may have no zero, got zero`,
    );
  }
  switch (known.type) {
    case 'multi-binary':
      return {
        space: new MultiBinary([count, ...known.shape], { as: readingOf(known.shape) }),
        sizes: [known.size],
        join: (frames) => Int8Array.from((frames as Int8Array[]).flatMap((frame) => [...frame])),
      };
    case 'discrete': {
      const repeated = (x: number) => new Int32Array(count).fill(x);
      const space = new MultiDiscrete(repeated(known.n), { start: repeated(known.start) });
      return { space, sizes: [1], join: (frames) => Int32Array.from(frames as number[]) };
    }
    default:
      return {
        space: new Tuple(Array.from({ length: count }, () => space)),
        sizes: [space.size],
        join: (frames) => [...frames],
      };
  }
}

/** Several vectors are one longer vector, and pictures channels of one; other stacks are read by their shape. */
function readingOf(shape: readonly number[], as?: ReadAs): ReadAs | undefined {
  if (shape.length === 1) return 'vector';
  return as === 'picture' || as === 'patches' ? as : undefined;
}

function stackedBox(
  { size, shape, dtype, low, high, as }: Box<DType>,
  count: number,
  zero: boolean,
): Stacked {
  const repeated = (bounds: Float64Array, widen: (a: number, b: number) => number) =>
    Float64Array.from({ length: count * size }, (_, i) => {
      const bound = bounds[i % size];
      return zero ? widen(bound, 0) : bound;
    });
  return {
    space: new Box({
      ...{ shape: [count, ...shape], dtype, as: readingOf(shape, as) },
      ...{ low: repeated(low, Math.min), high: repeated(high, Math.max) },
    }),
    sizes: [size],
    join: (frames) => {
      const stack = zeros(dtype, count * size);
      for (const [i, frame] of frames.entries()) stack.set(frame as ArrayLike<number>, i * size);
      return stack;
    },
    zero: zero ? zeros(dtype, size) : undefined,
  };
}
