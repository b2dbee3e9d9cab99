import type { Space } from '../contract/space.ts';
import type { AnySpace } from './space-from-json.ts';

/**
 * A value of a space as JSON: a number, a string, lists nested to the shape, a list of a tuple's
 * parts, a map of a dict's.
 * @param value contained in the space
 * @internal
 */
export function valueAsJson(space: Space, value: unknown): unknown {
  const known = space as AnySpace;
  switch (known.type) {
    case 'discrete':
    case 'text':
      return value;
    case 'dict':
      return Object.fromEntries(
        Array.from(known.spaces, ([key, part]) => [
          key,
          valueAsJson(part, (value as Record<string, unknown>)[key]),
        ]),
      );
    case 'tuple':
      return known.spaces.map((part, i) => valueAsJson(part, (value as unknown[])[i]));
    case 'sequence':
      return (value as unknown[]).map((entry) => valueAsJson(known.space, entry));
    case 'graph':
      return valueAsJson(known.parts, value);
    default:
      return nested(flat(value), known.shape);
  }
}

/** An array value is a typed array, or numbers flat or nested to its shape. */
function flat(value: unknown): number[] {
  if (ArrayBuffer.isView(value)) return Array.from(value as Float64Array);
  return (value as unknown[]).flat(Infinity) as number[];
}

function nested(entries: number[], shape: readonly number[]): unknown {
  const [extent, ...inner] = shape;
  if (extent === undefined) return entries[0];
  if (inner.length === 0) return entries;
  const size = entries.length / extent;
  return Array.from({ length: extent }, (_, i) =>
    nested(entries.slice(i * size, (i + 1) * size), inner),
  );
}
