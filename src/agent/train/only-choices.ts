import type { Space } from '../../envs/index.ts';
import { maskSize, partsOf } from '../../envs/spaces/index.ts';
import type { Trajectory } from '../../rollout/index.ts';

/** Share of the decisions of a rollout whose mask leaves one action, in [0, 1]; 0 where a part of actions takes no mask. */
export function onlyChoices({ masks, count }: Trajectory, actionSpace: Space): number {
  const parts = partsOf(actionSpace);
  if (count === 0 || parts.some((part) => part.maskWidth === 0)) return 0;
  // One choice allowed in each row of each component.
  const least = parts.reduce((sum, { nvec, maskRows }) => sum + nvec.length * maskRows, 0);
  const size = maskSize(actionSpace);
  let only = 0;
  for (let t = 0; t < count; t++) {
    let allowed = 0;
    for (let i = t * size; i < (t + 1) * size; i++) allowed += masks[i];
    if (allowed <= least) only++;
  }
  return only / count;
}
