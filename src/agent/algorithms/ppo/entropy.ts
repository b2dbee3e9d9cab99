import type { AnySpace, Space } from '../../../envs/index.ts';
import { type ActionPart, partsOf } from '../../../envs/spaces/index.ts';

const WEIGHT = 0.01;
/** The entropy of four choices that are equally likely, in nats: up to it the weight stays the same. */
const NATS = Math.log(4);

/**
 * The weight of the entropy bonus where the config leaves it out: 0.01 · min(1, ln 4 / H), H being the most entropy that the
 * discrete parts of an action can have, so that the bonus for drawing among many choices does not outweigh what they earn. 0
 * where there are none: a Gaussian starts wide, and a bonus would keep it so.
 */
export function entropyWeight(actionSpace: Space): number {
  const most = partsOf(actionSpace).reduce((sum, part) => sum + mostEntropy(part), 0);
  return most === 0 ? 0 : WEIGHT * Math.min(1, NATS / most);
}

/** The entropy of uniform choices in nats, of a Text at each place; 0 for numbers, which have no choices. */
function mostEntropy({ space, nvec }: ActionPart): number {
  const known = space as AnySpace;
  if (known.type === 'multi-binary') return known.size * Math.LN2;
  if (known.type === 'text') return known.maxLength * Math.log([...known.charset].length + 1);
  return nvec.reduce((sum, n) => sum + Math.log(n), 0);
}
