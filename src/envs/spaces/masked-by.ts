import { describe } from '../common/describe.ts';
import type { Space } from '../contract/space.ts';

/** Which part of a Dict or Tuple masks which other one, by key. */
export interface MaskedBy<Key extends string | number> {
  /** For a part, the part before it whose choice selects the row of its mask. */
  maskedBy?: { readonly [part in Key]?: Key };
}

/**
 * Checks and reads `maskedBy`: each names a Discrete or MultiDiscrete part, and a Discrete part before it.
 * @throws RangeError naming the part, the expectation and the given value
 */
export function readMaskedBy<Key extends string | number>(
  owner: string,
  parts: readonly (readonly [Key, Space])[],
  { maskedBy = {}, ...others }: MaskedBy<Key>,
): ReadonlyMap<Key, Key> {
  for (const name in others) {
    throw new RangeError(`${owner}: ${name}: no such option; expected maskedBy`);
  }
  const read = new Map<Key, Key>();
  for (const [masked, masking] of Object.entries(maskedBy) as [string, Key][]) {
    const at = parts.findIndex(([key]) => String(key) === masked);
    const kind = parts[at]?.[1].type;
    if (kind !== 'discrete' && kind !== 'multi-discrete') {
      const got = kind === undefined ? 'no such part' : `a ${kind} space`;
      throw new RangeError(
        `${owner}: maskedBy: expected ${masked} to be a Discrete or MultiDiscrete part, got ${got}`,
      );
    }
    const before = parts.slice(0, at).filter(([, part]) => part.type === 'discrete');
    if (!before.some(([key]) => key === masking)) {
      const names = before.map(([key]) => key).join(', ') || 'none';
      throw new RangeError(
        `${owner}: maskedBy.${masked}: expected a Discrete part before ${masked} (${names}), got ${describe(masking)}`,
      );
    }
    read.set(parts[at][0], masking);
  }
  return read;
}
