import type { Space } from '../contract/space.ts';
import type { DType } from '../contract/space-json.ts';
import { Box } from '../spaces/box.ts';

/** The space as a Box. @throws TypeError where it is another */
export function asBox(space: Space, owner: string): Box<DType> {
  if (space instanceof Box) return space;
  throw new TypeError(`${owner}: expected a Box observation space, got ${space.type}`);
}
