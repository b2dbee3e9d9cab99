import { describe } from '../common/describe.ts';
import type { MaskRow, Space } from '../contract/space.ts';
import { allows } from './allows.ts';

/**
 * Says why a value is no `info.demonstration`; undefined where it is an action that the mask allows, or absent.
 * @param mask flat row of the actions that are allowed; undefined for all
 * @internal
 */
export function explainDemonstration(
  space: Space,
  action: unknown,
  mask: MaskRow | undefined,
): string | undefined {
  if (action === undefined || action === null) return undefined;
  const problem = space.explain(action);
  if (problem !== undefined) return `info.demonstration: ${problem}`;
  if (mask === undefined || allows(space, mask, action)) return undefined;
  return `info.demonstration: expected an action that info.actionMask allows, got ${describe(action)}`;
}
