import type { ActionMask, Space } from '../contract/space.ts';
import { flatMask } from './flat-mask.ts';

/**
 * Says why a mask does not fit an action space; undefined where it does.
 * @param where the mask's name in messages
 * @internal
 */
export function explainMask(
  space: Space,
  mask: ActionMask,
  where = 'info.actionMask',
): string | undefined {
  try {
    flatMask(space, mask, where);
    return undefined;
  } catch (error) {
    if (error instanceof RangeError) return error.message;
    throw error;
  }
}
