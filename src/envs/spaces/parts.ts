import type { Space } from '../contract/space.ts';

// By structure, since the spaces themselves import this file.
type Key = string | number;
/** A Dict or a Tuple. */
export type Compound = (
  | { type: 'dict'; spaces: ReadonlyMap<string, Space> }
  | { type: 'tuple'; spaces: readonly Space[] }
) & { maskedBy: ReadonlyMap<Key, Key> };
type Choices =
  | { type: 'discrete'; n: number; start: number }
  | { type: 'multi-discrete'; nvec: ArrayLike<number>; start: ArrayLike<number> };
type Numbers = { type: 'box' | 'multi-binary' | 'text' };
type Known = Compound | Choices | Numbers;

/**
 * A space without parts, inside an action space or the whole of it.
 * @internal
 */
export interface ActionPart {
  /** Its keys in the Dicts and Tuples around it, from the outside in; none for the whole. */
  path: readonly Key[];
  /** The path, joined by dots. */
  name: string;
  space: Space;
  /** Choices of each of its components; empty where it takes no mask. */
  nvec: readonly number[];
  /** The lowest choice of each of its components. */
  start: readonly number[];
  /** The part whose choice selects the row of this part's mask (`maskedBy`), an index into the list of parts. */
  maskedBy: number | undefined;
  /** Rows of its mask: 1, or the choices of the part that masks it. */
  maskRows: number;
  /** Entries of a row of its mask, the sum of `nvec`. */
  maskWidth: number;
}

const known = new WeakMap<Space, readonly ActionPart[]>();

/**
 * The parts of an action space that have no parts themselves, in the order in which they are chosen. A space that is no
 * Dict or Tuple is its own only part.
 * @internal
 */
export function partsOf(space: Space): readonly ActionPart[] {
  const found = known.get(space);
  if (found) return found;
  const parts: ActionPart[] = [];
  add(space, [], undefined, parts);
  known.set(space, parts);
  return parts;
}

function add(
  space: Space,
  path: readonly Key[],
  maskedBy: number | undefined,
  parts: ActionPart[],
): void {
  if (isCompound(space)) {
    const at = new Map<Key, number>();
    for (const [key, part] of entriesIn(space)) {
      const by = space.maskedBy.get(key);
      at.set(key, parts.length);
      add(part, [...path, key], by === undefined ? undefined : at.get(by), parts);
    }
    return;
  }
  const { nvec, start } = componentsOf(space);
  const maskRows = maskedBy === undefined ? 1 : parts[maskedBy].maskWidth;
  const maskWidth = nvec.reduce((a, b) => a + b, 0);
  parts.push({ path, name: path.join('.'), space, nvec, start, maskedBy, maskRows, maskWidth });
}

/** Whether a space is a Dict or a Tuple. */
export function isCompound(space: Space): space is Space & Compound {
  return space.type === 'dict' || space.type === 'tuple';
}

/** The keys and spaces of a Dict or a Tuple, in order. */
export function entriesIn(space: Compound): Iterable<readonly [Key, Space]> {
  return space.type === 'dict' ? space.spaces : space.spaces.entries();
}

function componentsOf(space: Space): Pick<ActionPart, 'nvec' | 'start'> {
  const known = space as unknown as Known;
  if (known.type === 'discrete') return { nvec: [known.n], start: [known.start] };
  if (known.type !== 'multi-discrete') return { nvec: [], start: [] };
  return { nvec: Array.from(known.nvec), start: Array.from(known.start) };
}

/**
 * Entries of a mask's flat row; 0 for a space that takes no mask.
 * @internal
 */
export function maskSize(space: Space): number {
  return partsOf(space).reduce((sum, { maskRows, maskWidth }) => sum + maskRows * maskWidth, 0);
}

/**
 * A value of an action space, from the values of its parts in order.
 * @internal
 */
export function joinParts(space: Space, values: Iterator<unknown>): unknown {
  if (!isCompound(space)) return values.next().value;
  const joined = Array.from(entriesIn(space), ([key, part]) => [key, joinParts(part, values)]);
  return space.type === 'dict' ? Object.fromEntries(joined) : joined.map(([, value]) => value);
}
