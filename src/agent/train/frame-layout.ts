import { framesOf, type Space } from '../../envs/index.ts';
import { pictureOf } from '../../policy/index.ts';
import type { FrameLayout } from '../../rollout/index.ts';

/** How the frames of a stacked observation lie in its row; undefined where it is no stack. */
export function frameLayout(space: Space): FrameLayout | undefined {
  const known = framesOf(space);
  if (known) return known;
  // A stack of pictures from elsewhere, such as of Gymnasium's FrameStackObservation.
  const count = pictureOf(space)?.frames ?? 1;
  return count > 1 ? { count, sizes: [space.size / count] } : undefined;
}
