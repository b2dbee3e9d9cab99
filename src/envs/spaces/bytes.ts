import type { Space } from '../contract/space.ts';
import type { AnySpace } from './space-from-json.ts';

/**
 * Whether every number of a value is a byte: a Box of uint8, or a Dict or Tuple of such.
 * @internal
 */
export function isBytes(space: Space): boolean {
  const known = space as AnySpace;
  switch (known.type) {
    case 'box':
      return known.dtype === 'uint8';
    case 'dict':
      return [...known.spaces.values()].every(isBytes);
    case 'tuple':
      return known.spaces.every(isBytes);
    default:
      return false;
  }
}
