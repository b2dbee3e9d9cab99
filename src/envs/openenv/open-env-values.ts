import type { Space } from '../contract/space.ts';
import type { AnySpace } from '../spaces/space-from-json.ts';

/** The JSON Schema of the results of `valueAsJson` for a space. */
export function valueJsonSchema(space: Space): Record<string, unknown> {
  const known = space as AnySpace;
  switch (known.type) {
    case 'discrete': {
      const { start, n } = known;
      return { type: 'integer', minimum: start, maximum: start + n - 1 };
    }
    case 'text':
      return { type: 'string', minLength: known.minLength, maxLength: known.maxLength };
    case 'dict': {
      const parts = Array.from(known.spaces, ([key, part]) => [key, valueJsonSchema(part)]);
      const properties = Object.fromEntries(parts);
      const required = Object.keys(properties);
      return { type: 'object', properties, required, additionalProperties: false };
    }
    case 'tuple': {
      const prefixItems = known.spaces.map(valueJsonSchema);
      return { type: 'array', prefixItems, minItems: prefixItems.length, items: false };
    }
    case 'sequence':
      return { type: 'array', items: valueJsonSchema(known.space), maxItems: known.maxLength };
    case 'graph':
      return valueJsonSchema(known.parts);
    case 'box': {
      const type = known.dtype.startsWith('float') ? 'number' : 'integer';
      return arraySchema(known.shape, { type, ...bounds(known.low, known.high) });
    }
    case 'multi-discrete': {
      const { start, nvec, shape } = known;
      const last = nvec.map((n, i) => start[i] + n - 1);
      return arraySchema(shape, { type: 'integer', ...bounds(start, last) });
    }
    case 'multi-binary':
      return arraySchema(known.shape, { enum: [0, 1] });
  }
}

/** Bounds of any entry; the space itself knows each one's. */
function bounds(low: Iterable<number>, high: Iterable<number>): object {
  const minimum = Array.from(low).reduce((least, bound) => Math.min(least, bound));
  const maximum = Array.from(high).reduce((most, bound) => Math.max(most, bound));
  return {
    ...(Number.isFinite(minimum) && { minimum }),
    ...(Number.isFinite(maximum) && { maximum }),
  };
}

function arraySchema(
  shape: readonly number[],
  entry: Record<string, unknown>,
): Record<string, unknown> {
  return shape.reduceRight<Record<string, unknown>>(
    (items, extent) => ({ type: 'array', items, minItems: extent, maxItems: extent }),
    entry,
  );
}
