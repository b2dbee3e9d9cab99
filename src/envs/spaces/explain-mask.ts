import { describe } from '../common/describe.ts';
import type { ActionMask, Space } from '../contract/space.ts';
import type { AnySpace } from './space-from-json.ts';

/**
 * Says why a mask does not fit an action space; undefined where it does. A mask has an entry of 0 or 1 for each choice,
 * and at least one 1 for each component.
 * @internal
 */
export function explainMask(space: Space, mask: ActionMask): string | undefined {
  const known = space as AnySpace;
  const components =
    known.type === 'discrete'
      ? [known.n]
      : known.type === 'multi-discrete'
        ? Array.from(known.nvec)
        : [];
  if (components.length === 0) return `info.actionMask: a ${known.type} space takes no mask`;
  if (!Array.isArray(mask) && !ArrayBuffer.isView(mask)) {
    return `info.actionMask: expected an array, got ${describe(mask)}`;
  }
  const size = components.reduce((a, b) => a + b, 0);
  if (mask.length !== size) {
    return `info.actionMask: expected ${size} entries, got ${mask.length}`;
  }
  let begin = 0;
  for (const [c, n] of components.entries()) {
    let allowed = 0;
    for (let i = begin; i < begin + n; i++) {
      if (mask[i] !== 0 && mask[i] !== 1) {
        return `info.actionMask: expected 0 or 1, got ${describe(mask[i])} at entry ${i}`;
      }
      allowed += mask[i];
    }
    if (allowed === 0) {
      return `info.actionMask: expected at least one allowed choice, got none in component ${c}`;
    }
    begin += n;
  }
  return undefined;
}
